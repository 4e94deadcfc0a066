{{/* Names and labels are the original's: an upgrade from its chart finds its objects. */}}

{{- define "email.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "email.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Pods of `helm test` have a name of their own, so that no selector takes them for the plugin's. */}}
{{- define "email.checkName" -}}
{{- include "email.name" . | trunc 57 | trimSuffix "-" -}}-check
{{- end -}}

{{- define "email.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "email.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Names of tbot's objects, as Teleport's chart `tbot` makes them below a parent chart. */}}
{{- define "email.tbot.fullname" -}}
{{- if .Values.tbot.fullnameOverride -}}
{{- .Values.tbot.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (.Values.tbot.nameOverride | default "tbot") | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "email.tbot.serviceAccountName" -}}
{{- .Values.tbot.serviceAccount.name | default (include "email.tbot.fullname" .) -}}
{{- end -}}

{{- define "email.tbot.tokenName" -}}
{{- .Values.tbot.token | default (include "email.tbot.fullname" .) -}}
{{- end -}}

{{- define "email.tbot.outputName" -}}
{{- .Values.tbot.defaultOutput.secretName | default (printf "%s-out" (include "email.tbot.fullname" .)) -}}
{{- end -}}
