{{/* How tbot may join, for the operator's token; errors are the original's. */}}
{{- define "email.tbot.joinSpec" -}}
{{- $method := .Values.tbot.joinMethod -}}
{{- $spec := .Values.crd.tokenSpecOverride | default dict -}}
{{- if and (hasKey $spec "join_method") (ne $spec.join_method $method) -}}
{{- fail "crd.tokenSpecOverride.join_method must be same as tbot.joinMethod" -}}
{{- end -}}
{{- if eq $method "kubernetes" -}}
{{- $account := printf "%s:%s" .Release.Namespace (include "email.tbot.serviceAccountName" .) -}}
{{- $here := dict "type" "in_cluster" "allow" (list (dict "service_account" $account)) -}}
{{- $spec = mergeOverwrite (dict "join_method" $method "kubernetes" $here) $spec -}}
{{- else if not $spec -}}
{{- fail "crd.tokenSpecOverride cannot be empty in chart values" -}}
{{- else if not $spec.join_method -}}
{{- fail "crd.tokenSpecOverride.join_method cannot be empty in chart values" -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end -}}

{{/* tbot.yaml; errors are those of Teleport's chart `tbot`. */}}
{{- define "email.tbot.config" -}}
{{- with .Values.tbot -}}
{{- if .customConfig -}}
{{- toYaml .customConfig -}}
{{- else -}}
{{- if and .teleportAuthAddress .teleportProxyAddress -}}
{{- fail "`tbot.teleportAuthAddress` and `tbot.teleportProxyAddress` are mutually exclusive" -}}
{{- end -}}
{{- if not (or .teleportAuthAddress .teleportProxyAddress) -}}
{{- fail "`tbot.teleportAuthAddress` or `tbot.teleportProxyAddress` must be provided" -}}
{{- end -}}
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

{{- define "email.tbot.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.tbot.nameOverride | default "tbot" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: tbot
{{- end -}}

{{/* The metadata of one of tbot's objects: `kind` names its annotations and labels. */}}
{{- define "email.tbot.metadata" -}}
{{- $tbot := .root.Values.tbot -}}
name: {{ .name | default (include "email.tbot.fullname" .root) }}
{{- with index $tbot.annotations .kind }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
labels:
  {{- include "email.tbot.selectorLabels" .root | nindent 2 }}
  {{- include "email.originLabels" .root | nindent 2 }}
  {{- with index $tbot.extraLabels .kind }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
