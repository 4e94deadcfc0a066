{{/* What the plugin's pods and the one of `helm test` have in common. */}}

{{- define "email.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
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

{{/*
Secrets are mounted as whole folders, since Kubernetes renews only those: the mail secret on the
plugin's folder, and the identity on a folder in it, for which the kubelet makes room.
*/}}
{{- define "email.volumeMounts" -}}
- name: config
  mountPath: /etc/teleport-email.toml
  subPath: teleport-email.toml
  readOnly: true
{{- if include "email.mailSecret" . }}
- name: {{ .Values.secretVolumeName }}
  mountPath: /var/lib/teleport/plugins/email
  readOnly: true
{{- end }}
- name: teleport-identity
  mountPath: /var/lib/teleport/plugins/email/teleport-identity
  readOnly: true
{{- if or .Values.templates.files .Values.templates.configMapName }}
- name: templates
  mountPath: /etc/teleport-email/templates
  readOnly: true
{{- end }}
{{- with include "email.logFolder" . }}
- name: log
  mountPath: {{ . | quote }}
{{- end }}
{{- with include "email.userMounts" . | fromYamlArray }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "email.volumes" -}}
- name: config
  configMap:
    name: {{ include "email.fullname" . }}
    defaultMode: 292 # 0444
{{- with include "email.mailSecret" . | fromYaml }}
- name: {{ $.Values.secretVolumeName }}
  secret:
    secretName: {{ .name | quote }}
    defaultMode: 288 # 0440
    items:
      - key: {{ .key | quote }}
        path: {{ .file }}
{{- end }}
- name: teleport-identity
  secret:
    secretName: {{ .Values.teleport.identitySecretName | default (ternary (include "email.tbot.outputName" .) "" .Values.tbot.enabled) | quote }}
    defaultMode: 288 # 0440
{{- if or .Values.templates.files .Values.templates.configMapName }}
- name: templates
  configMap:
    name: {{ .Values.templates.configMapName | default (printf "%s-templates" (include "email.fullname" .)) }}
    defaultMode: 292 # 0444
{{- end }}
{{- if include "email.logFolder" . }}
- name: log
  emptyDir: {}
{{- end }}
{{- with concat (.Values.volumes | default list) (.Values.extraVolumes | default list) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Where a pod runs, and as whom. */}}
{{- define "email.podSettings" -}}
serviceAccountName: {{ include "email.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Image, rights, variables, limits and mounts of the container. */}}
{{- define "email.container" -}}
image: {{ include "email.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
env:
  - name: TELEPORT_PLUGIN_FAIL_FAST
    value: {{ .Values.failFast | quote }}
{{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "email.volumeMounts" . | nindent 2 }}
{{- end -}}
