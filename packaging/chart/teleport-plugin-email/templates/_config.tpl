{{/*
The transport: what is enabled, or else what is filled in; as in the program, SMTP wins. Empty without any.
*/}}
{{- define "email.transport" -}}
{{- if .Values.smtp.enabled -}}smtp
{{- else if .Values.mailgun.enabled -}}mailgun
{{- else if or .Values.smtp.host .Values.smtp.service -}}smtp
{{- else if .Values.mailgun.domain -}}mailgun
{{- end -}}
{{- end -}}

{{/* The port of the mail server or of Mailgun's API. */}}
{{- define "email.mailPort" -}}
{{- if eq (include "email.transport" .) "smtp" -}}
{{- int .Values.smtp.port | default 587 -}}
{{- else -}}
{{- $ofUrl := regexFind ":[0-9]+" (.Values.mailgun.baseUrl | default "") | trimPrefix ":" -}}
{{- $ofUrl | default (ternary "80" "443" (hasPrefix "http:" (.Values.mailgun.baseUrl | default ""))) -}}
{{- end -}}
{{- end -}}

{{- define "email.address" -}}
{{- coalesce .Values.teleport.address .Values.tbot.teleportProxyAddress .Values.tbot.teleportAuthAddress | default "" -}}
{{- end -}}

{{/*
The secret of the transport as YAML: `name` and `key` of where it comes from, `file` where it goes
below the plugin's directory, `made` for one of the chart's own. Empty without one, and when the user
mounts the file. A secret of the chart's own always has the original's key, whatever the path for other
secrets says.
*/}}
{{- define "email.mailSecret" -}}
{{- $made := printf "%s-secret" (include "email.fullname" .) -}}
{{- $transport := include "email.transport" . -}}
{{- if .Values.mailSecretFile -}}
{{- else if eq $transport "mailgun" -}}
{{- $given := .Values.mailgun.privateKeyFromSecret | default "" -}}
file: mailgun_private_key
name: {{ $given | default $made | quote }}
key: {{ ternary .Values.mailgun.privateKeySecretPath "mailgunPrivateKey" (ne $given "") | quote }}
made: {{ eq $given "" }}
{{- else if and (eq $transport "smtp") .Values.smtp.authenticate (not .Values.smtp.oauth2) -}}
{{- $given := .Values.smtp.passwordFromSecret | default "" -}}
file: smtp_password
name: {{ $given | default $made | quote }}
key: {{ ternary .Values.smtp.passwordSecretPath "smtpPassword" (ne $given "") | quote }}
made: {{ eq $given "" }}
{{- end -}}
{{- end -}}

{{/* Path of the file with the password or API key. */}}
{{- define "email.mailSecretFile" -}}
{{- $name := ternary "smtp_password" "mailgun_private_key" (eq (include "email.transport" .) "smtp") -}}
{{- .Values.mailSecretFile | default (printf "/var/lib/teleport/plugins/email/%s" $name) -}}
{{- end -}}

{{/*
A JSON string, list, number or boolean is a TOML one, but for U+007F, which TOML wants escaped. A value
that was taken out by `null` counts as empty.
*/}}
{{- define "email.toml" -}}
{{- if kindIs "invalid" . -}}""{{- else -}}{{- toRawJson . | replace "\u007f" "\\u007f" -}}{{- end -}}
{{- end -}}

{{/*
Lines of the keys that are given, from `values` by the names in `keys`, padded to `width`. The TOML
key is the name in snake case: `rootCas` is `root_cas`. The original writes an empty text, too.
*/}}
{{- define "email.tomlLines" -}}
{{- range $name := .keys -}}
{{- $value := index $.values $name -}}
{{- if not (or (kindIs "invalid" $value) (and (kindIs "string" $value) (eq $value ""))) }}
{{ printf (printf "%%-%ds = %%s" $.width) (snakecase $name) (include "email.toml" $value) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "email.templatesDirectory" -}}
{{- if or .Values.templates.files .Values.templates.configMapName -}}
/etc/teleport-email/templates
{{- else -}}
{{- .Values.templates.directory -}}
{{- end -}}
{{- end -}}

{{/* Path of the identity file. */}}
{{- define "email.identityFile" -}}
{{- $secretPath := ternary "identity" .Values.teleport.identitySecretPath (and .Values.tbot.enabled (not .Values.teleport.identityVolume)) -}}
{{- .Values.teleport.identityFile | default (printf "/var/lib/teleport/plugins/email/teleport-identity/%s" $secretPath) -}}
{{- end -}}

{{- define "email.config" -}}
{{- $transport := include "email.transport" . -}}
[teleport]
addr = {{ include "email.toml" (include "email.address" .) }}
identity = {{ include "email.toml" (include "email.identityFile" .) }}
refresh_identity = true
{{- include "email.tomlLines" (dict "values" .Values.teleport "width" 0 "keys" (list "refreshIdentityInterval" "via" "webRootCas")) }}
{{- if eq $transport "mailgun" }}

[mailgun]
domain           = {{ include "email.toml" .Values.mailgun.domain }}
private_key_file = {{ include "email.toml" (include "email.mailSecretFile" .) }}
{{- include "email.tomlLines" (dict "values" .Values.mailgun "width" 16 "keys" (list "region" "baseUrl" "rootCas" "maxConnections" "maxMessagesPerSecond")) }}
{{- else if eq $transport "smtp" }}

[smtp]
{{- $service := .Values.smtp.service }}
{{- if or .Values.smtp.host (not $service) }}
host            = {{ include "email.toml" .Values.smtp.host }}
{{- end }}
{{- if not (and $service (eq (int .Values.smtp.port) 587)) }}
port            = {{ int .Values.smtp.port }}
{{- end }}
{{- if .Values.smtp.authenticate }}
username        = {{ include "email.toml" .Values.smtp.username }}
{{- if not .Values.smtp.oauth2 }}
password_file   = {{ include "email.toml" (include "email.mailSecretFile" .) }}
{{- end }}
{{- end }}
{{- if not (and $service (eq .Values.smtp.starttlsPolicy "mandatory")) }}
starttls_policy = {{ include "email.toml" .Values.smtp.starttlsPolicy }}
{{- end }}
{{- include "email.tomlLines" (dict "values" .Values.smtp "width" 15 "keys" (list "service" "implicitTls" "rootCas" "serverName" "insecureSkipVerify" "clientCrt" "clientKey" "authMethod" "requireAuth" "helloName" "timeout" "maxConnections" "maxMessagesPerConnection" "maxMessagesPerSecond")) }}
{{- with .Values.smtp.oauth2 }}

[smtp.oauth2]
{{- include "email.tomlLines" (dict "values" . "width" 0 "keys" (keys . | sortAlpha)) }}
{{- end }}
{{- end }}

[delivery]
sender = {{ include "email.toml" .Values.delivery.sender }}
{{- include "email.tomlLines" (dict "values" .Values.delivery "width" 0 "keys" (list "replyTo" "allowedDomains" "html" "details" "timeZone" "actions" "notifyRequester" "requesterTrait" "includeRequester" "remindAfter" "warnBeforeAccessEnds" "catchUp" "settleFor" "retryFor")) }}
{{- if .Values.roleToRecipients }}

[role_to_recipients]
{{- range $role, $recipients := .Values.roleToRecipients }}
{{ include "email.toml" $role }} = {{ include "email.toml" $recipients }}
{{- end }}
{{- else }}
recipients = {{ include "email.toml" (.Values.delivery.recipients | default list) }}
{{- end }}
{{- if .Values.requesterAddresses }}

[requester_addresses]
{{- range $user, $address := .Values.requesterAddresses }}
{{ include "email.toml" $user }} = {{ include "email.toml" $address }}
{{- end }}
{{- end }}
{{- with include "email.tomlLines" (dict "values" .Values.routing "width" 0 "keys" (list "precedence" "strictSchedules")) }}

[routing]
{{- . }}
{{- end }}
{{- with include "email.tomlLines" (dict "values" .Values.accessLists "width" 0 "keys" (list "remind")) }}

[access_lists]
{{- . }}
{{- end }}
{{- range .Values.routes }}

[[route]]
{{- include "email.tomlLines" (dict "values" . "width" 0 "keys" (list "name" "match" "recipients" "suggestedReviewers" "continue" "silence")) }}
{{- with .emails }}
on = {{ include "email.toml" . }}
{{- end }}
{{- range $name, $schedule := .schedules }}

[route.schedules.{{ include "email.toml" $name }}]
{{- include "email.tomlLines" (dict "values" $schedule "width" 0 "keys" (list "timezone")) }}
shifts = [
{{- range $schedule.shifts }}
  { weekday = {{ include "email.toml" .weekday }}, start = {{ include "email.toml" .start }}, end = {{ include "email.toml" .end }} },
{{- end }}
]
{{- end }}
{{- end }}
{{- with include "email.templatesDirectory" . }}

[templates]
directory = {{ include "email.toml" . }}
{{- end }}
{{- if .Values.http.enabled }}

[http]
listen = {{ include "email.toml" (printf (ternary "[%s]:%d" "%s:%d" (contains ":" (.Values.http.address | default ""))) (.Values.http.address | default "") (int .Values.http.port)) }}
{{- include "email.tomlLines" (dict "values" .Values.http "width" 0 "keys" (list "status")) }}
{{- end }}

[log]
output = {{ include "email.toml" .Values.log.output }}
severity = {{ include "email.toml" .Values.log.severity }}
{{- include "email.tomlLines" (dict "values" .Values.log "width" 0 "keys" (list "format")) }}
{{- end -}}
