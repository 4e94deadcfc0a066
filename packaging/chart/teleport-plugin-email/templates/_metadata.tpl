{{/* Labels, annotations and lists that users add to: everything is printed once. */}}

{{/*
Merges a list of maps, of which the later ones win, and prints the result. A null removes the key; a map
may be null itself. Values that occur twice would be duplicate keys, which Flux and kustomize refuse.
*/}}
{{- define "email.merged" -}}
{{- $merged := dict -}}
{{- range $map := . -}}
{{- range $key, $value := $map -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $merged $key -}}
{{- else -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $merged -}}{{- toYaml $merged -}}{{- end -}}
{{- end -}}

{{/*
Concatenates lists of maps and prints the result. Of two with the same value of `key` the later one is
kept, in the place of the first: the API refuses volumes and mounts that occur twice, and warns about
variables.
*/}}
{{- define "email.unique" -}}
{{- $key := .key -}}
{{- $order := list -}}
{{- $last := dict -}}
{{- range $list := .lists -}}
{{- range $item := $list -}}
{{- $id := index $item $key | toString -}}
{{- $order = append $order $id -}}
{{- $_ := set $last $id $item -}}
{{- end -}}
{{- end -}}
{{- $result := list -}}
{{- range uniq $order -}}{{- $result = append $result (index $last .) -}}{{- end -}}
{{- if $result -}}{{- toYaml $result -}}{{- end -}}
{{- end -}}

{{- define "email.selectorLabels" -}}
app.kubernetes.io/name: {{ include "email.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "email.tbot.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.tbot.nameOverride | default "tbot" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: tbot
{{- end -}}

{{- define "email.checkLabels" -}}
app.kubernetes.io/name: {{ include "email.checkName" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels that say where an object comes from, without those that select pods. */}}
{{- define "email.originLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/*
Metadata of an object: `root`; `name` (the full name), `namespace` (the release's), `labels` and
`annotations` of the user's for this object, `selector` (the helper with its selector labels), `isPod`
if nothing may change those.
*/}}
{{- define "email.metadata" -}}
{{- $selector := include (.selector | default "email.selectorLabels") .root | fromYaml -}}
{{- $origin := include "email.originLabels" .root | fromYaml -}}
{{- $common := .root.Values.commonLabels -}}
name: {{ .name | default (include "email.fullname" .root) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
{{- with include "email.merged" (list .root.Values.commonAnnotations .annotations) }}
annotations:
  {{- . | nindent 2 }}
{{- end }}
labels:
  {{- include "email.merged" (list $selector $origin $common .labels (ternary $selector dict (eq true .isPod))) | nindent 2 }}
{{- end -}}

{{/* Metadata of a pod template: the labels that its deployment selects it by always win. */}}
{{- define "email.podMetadata" -}}
{{- $selector := include (.selector | default "email.selectorLabels") .root | fromYaml -}}
{{- $origin := include "email.originLabels" .root | fromYaml -}}
{{- $common := .root.Values.commonLabels -}}
{{- with include "email.merged" (concat (list .root.Values.commonAnnotations) .annotations) }}
annotations:
  {{- . | nindent 2 }}
{{- end }}
labels:
  {{- include "email.merged" (list $origin $common .labels $selector) | nindent 2 }}
{{- end -}}

{{/* An image's name with the registry of `global.imageRegistry` in the place of its own. */}}
{{- define "email.withRegistry" -}}
{{- $registry := ((.root.Values.global | default dict).imageRegistry | default "") | trimSuffix "/" -}}
{{- if $registry -}}
{{- $first := splitList "/" .name | first -}}
{{- $hasOwn := and (contains "/" .name) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) -}}
{{- printf "%s/%s" $registry (ternary (trimPrefix (printf "%s/" $first) .name) .name $hasOwn) -}}
{{- else -}}
{{- .name -}}
{{- end -}}
{{- end -}}

{{/* Pull secrets as a list, from names and maps with a name. */}}
{{- define "email.pullSecrets" -}}
{{- $secrets := list -}}
{{- range concat ((.root.Values.global | default dict).imagePullSecrets | default list) (.secrets | default list) -}}
{{- $secrets = append $secrets (ternary (dict "name" .) . (kindIs "string" .)) -}}
{{- end -}}
{{- with $secrets -}}
imagePullSecrets:
  {{- include "email.unique" (dict "key" "name" "lists" (list .)) | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* A security context; on OpenShift without the ids, which its security context constraints choose. */}}
{{- define "email.securityContext" -}}
{{- $mode := (.root.Values.openshift | default dict).adaptSecurityContext | default "auto" -}}
{{- $isOpenShift := .root.Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- $context := .context | default dict -}}
{{- if or (eq $mode "force") (and (eq $mode "auto") $isOpenShift) -}}
{{- $context = omit $context "runAsUser" "runAsGroup" "fsGroup" -}}
{{- end -}}
{{- with $context -}}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
