{{/* How tbot may join, for the operator's token. */}}
{{- define "email.tbot.joinSpec" -}}
{{- $method := .Values.tbot.joinMethod -}}
{{- $spec := .Values.crd.tokenSpecOverride | default dict -}}
{{- if eq $method "kubernetes" -}}
{{- $account := printf "%s:%s" .Release.Namespace (include "email.tbot.serviceAccountName" .) -}}
{{- $here := dict "type" "in_cluster" "allow" (list (dict "service_account" $account)) -}}
{{- $spec = mergeOverwrite (dict "join_method" $method "kubernetes" $here) (deepCopy $spec) -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end -}}

{{/* The image: a tag or digest in the name wins over the version. */}}
{{- define "email.tbot.image" -}}
{{- $name := include "email.withRegistry" (dict "root" . "name" .Values.tbot.image) -}}
{{- if or (contains "@" $name) (contains ":" (splitList "/" $name | last)) -}}
{{- $name -}}
{{- else -}}
{{- printf "%s:%s" $name (.Values.tbot.teleportVersionOverride | default "18.7.3") -}}
{{- end -}}
{{- end -}}

{{/* tbot.yaml. */}}
{{- define "email.tbot.config" -}}
{{- with .Values.tbot -}}
{{- if .customConfig -}}
{{- toYaml .customConfig -}}
{{- else -}}
version: v2
{{- with .teleportProxyAddress }}
proxy_server: {{ . | quote }}
{{- end }}
{{- with .teleportAuthAddress }}
auth_server: {{ . | quote }}
{{- end }}
onboarding:
  join_method: {{ .joinMethod | quote }}
  token: {{ include "email.tbot.tokenName" $ | quote }}
storage:
  {{- if eq .persistence "secret" }}
  type: kubernetes_secret
  name: {{ include "email.tbot.fullname" $ }}
  {{- else }}
  type: memory
  {{- end }}
outputs:
  {{- if .defaultOutput.enabled }}
  - type: identity
    destination:
      type: kubernetes_secret
      name: {{ include "email.tbot.outputName" $ }}
  {{- end }}
  {{- with .outputs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .services }}
services:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The metadata of one of tbot's objects: `kind` names its annotations and labels. */}}
{{- define "email.tbot.metadata" -}}
{{- $tbot := .root.Values.tbot -}}
{{- $annotations := index $tbot.annotations .kind -}}
{{- $labels := index $tbot.extraLabels .kind -}}
{{- $name := .name | default (include "email.tbot.fullname" .root) -}}
{{- include "email.metadata" (dict "root" .root "name" $name "selector" "email.tbot.selectorLabels" "annotations" $annotations "labels" $labels) -}}
{{- end -}}
