{{/* What the plugin's pods and the one of `helm test` have in common. */}}

{{- define "email.image" -}}
{{- $name := include "email.withRegistry" (dict "root" . "name" .Values.image.repository) -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* What may be given under two names; either may be null. */}}
{{- define "email.userMounts" -}}
{{- concat (.Values.volumeMounts | default list) (.Values.extraVolumeMounts | default list) | toYaml -}}
{{- end -}}

{{/* The folder of a log file that no volume of the user's covers; the root file system is read-only. */}}
{{- define "email.logFolder" -}}
{{- if hasPrefix "/" .Values.log.output -}}
{{- $folder := dir .Values.log.output -}}
{{- range include "email.userMounts" . | fromYamlArray -}}
{{- if hasPrefix (printf "%s/" (trimSuffix "/" .mountPath)) (printf "%s/" $folder) -}}
{{- $folder = "" -}}
{{- end -}}
{{- end -}}
{{- $folder -}}
{{- end -}}
{{- end -}}

{{/* Whether the identity comes from a volume of the chart's. */}}
{{- define "email.hasIdentityVolume" -}}
{{- if not .Values.teleport.identityFile -}}true{{- end -}}
{{- end -}}

{{/*
Secrets are mounted as whole directories, since Kubernetes updates only those: the mail secret on the
plugin's directory, and the identity on a directory in it, for which the kubelet makes room.
*/}}
{{- define "email.volumeMounts" -}}
{{- $mounts := list (dict "name" "config" "mountPath" "/etc/teleport-email.toml" "subPath" "teleport-email.toml" "readOnly" true) -}}
{{- if include "email.mailSecret" . -}}
{{- $mounts = append $mounts (dict "name" .Values.secretVolumeName "mountPath" "/var/lib/teleport/plugins/email" "readOnly" true) -}}
{{- end -}}
{{- if include "email.hasIdentityVolume" . -}}
{{- $mounts = append $mounts (dict "name" "teleport-identity" "mountPath" "/var/lib/teleport/plugins/email/teleport-identity" "readOnly" true) -}}
{{- end -}}
{{- if or .Values.templates.files .Values.templates.configMapName -}}
{{- $mounts = append $mounts (dict "name" "templates" "mountPath" "/etc/teleport-email/templates" "readOnly" true) -}}
{{- end -}}
{{- with include "email.logFolder" . -}}
{{- $mounts = append $mounts (dict "name" "log" "mountPath" .) -}}
{{- end -}}
{{- include "email.unique" (dict "key" "mountPath" "lists" (list $mounts (include "email.userMounts" . | fromYamlArray))) -}}
{{- end -}}

{{/* A volume of the user's with the name of one of the chart's takes its place. */}}
{{- define "email.volumes" -}}
{{- $full := include "email.fullname" . -}}
{{- $volumes := list (dict "name" "config" "configMap" (dict "name" $full "defaultMode" 0444)) -}}
{{- with include "email.mailSecret" . | fromYaml -}}
{{- $item := dict "key" .key "path" .file -}}
{{- $secret := dict "secretName" .name "defaultMode" 0440 "items" (list $item) -}}
{{- $volumes = append $volumes (dict "name" $.Values.secretVolumeName "secret" $secret) -}}
{{- end -}}
{{- if include "email.hasIdentityVolume" . -}}
{{- $name := .Values.teleport.identitySecretName | default (ternary (include "email.tbot.outputName" .) "" .Values.tbot.enabled) -}}
{{- $secret := dict "secret" (dict "secretName" $name "defaultMode" 0440) -}}
{{- $volumes = append $volumes (merge (dict "name" "teleport-identity") (.Values.teleport.identityVolume | default $secret)) -}}
{{- end -}}
{{- if or .Values.templates.files .Values.templates.configMapName -}}
{{- $name := .Values.templates.configMapName | default (printf "%s-templates" $full) -}}
{{- $volumes = append $volumes (dict "name" "templates" "configMap" (dict "name" $name "defaultMode" 0444)) -}}
{{- end -}}
{{- if include "email.logFolder" . -}}
{{- $volumes = append $volumes (dict "name" "log" "emptyDir" dict) -}}
{{- end -}}
{{- include "email.unique" (dict "key" "name" "lists" (list $volumes .Values.volumes .Values.extraVolumes)) -}}
{{- end -}}

{{/* Settings that all pods of the release share: how they find other hosts. */}}
{{- define "email.networkSettings" -}}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where a pod of the plugin runs, and as whom. */}}
{{- define "email.podSettings" -}}
serviceAccountName: {{ include "email.serviceAccountName" . }}
automountServiceAccountToken: {{ .Values.automountServiceAccountToken | default false }}
enableServiceLinks: false
{{- with include "email.pullSecrets" (dict "root" . "secrets" .Values.imagePullSecrets) }}
{{ . }}
{{- end }}
{{- with include "email.securityContext" (dict "root" . "context" .Values.podSecurityContext) }}
{{ . }}
{{- end }}
{{- include "email.networkSettings" . }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $name := list "nodeSelector" "affinity" "tolerations" "initContainers" }}
{{- with index $.Values $name }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Image, rights, variables, limits and mounts of the container. */}}
{{- define "email.container" -}}
image: {{ include "email.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with include "email.securityContext" (dict "root" . "context" .Values.securityContext) }}
{{ . }}
{{- end }}
env:
  {{- $failFast := list (dict "name" "TELEPORT_PLUGIN_FAIL_FAST" "value" (toString .Values.failFast)) }}
  {{- include "email.unique" (dict "key" "name" "lists" (list $failFast .Values.extraEnv)) | nindent 2 }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "email.volumeMounts" . | nindent 2 }}
{{- end -}}
