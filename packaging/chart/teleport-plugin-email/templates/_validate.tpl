{{/*
Refuses values without the chart's own sections, in every file, since each would fail in words of Go.
*/}}
{{- define "email.requireSections" -}}
{{- $missing := list -}}
{{- range list "teleport" "smtp" "mailgun" "delivery" "templates" "log" "http" "image" "annotations" "serviceAccount" "podDisruptionBudget" "networkPolicy" "metrics" "tbot" "crd" -}}
{{- if not (kindIs "map" (index $.Values .)) -}}{{- $missing = append $missing . -}}{{- end -}}
{{- end -}}
{{- if $missing -}}
{{- fail (printf "\nvalues of %s are missing: `helm upgrade --reuse-values` leaves out the defaults that a chart has added. Use --reset-then-reuse-values (Helm 3.14 and newer), or pass your values file with -f." (join ", " $missing)) -}}
{{- end -}}
{{- range list "metrics.podMonitor" "metrics.rules" "metrics.dashboard" "tbot.defaultOutput" "tbot.serviceAccount" "tbot.annotations" "tbot.extraLabels" -}}
{{- $path := splitList "." . -}}
{{- if not (kindIs "map" (index $.Values (first $path) (last $path))) -}}
{{- fail (printf "\nvalues of %s are missing: it must be a map. After `helm upgrade --reuse-values`, use --reset-then-reuse-values (Helm 3.14 and newer), or pass your values file with -f." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Refuses values that can never work, all at once and with what to do: the API would report them in words
of its own or not at all, and the notes are printed after a successful installation only.
*/}}
{{- define "email.validate" -}}
{{- include "email.requireSections" . -}}
{{- $problems := include "email.problems" . | fromJsonArray -}}
{{- if $problems -}}
{{- fail (printf "\nThis release cannot work:\n  - %s" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{/* What is wrong with the values, as a JSON list. */}}
{{- define "email.problems" -}}
{{- $p := list -}}
{{- if eq (toString .Values.enabled) "false" -}}
{{- $p = append $p "enabled is false: that value is for a parent chart, which needs `condition: <name>.enabled` at this dependency. Do not install the chart at all, or remove the value." -}}
{{- end -}}
{{- if hasSuffix "gravitational/teleport-plugin-email" .Values.image.repository -}}
{{- $p = append $p "image.repository is Teleport's own plugin, which does not work with this chart: set image.repository to your teleport-email image and image.tag to its version (or to \"\"). Values dumped by `helm get values --all` contain the image of the old release: remove `image` from the file, or override it." -}}
{{- end -}}
{{- $p = concat $p (include "email.clusterProblems" . | fromJsonArray) (include "email.mailProblems" . | fromJsonArray) (include "email.tbotProblems" . | fromJsonArray) -}}
{{- if and .Values.metrics.podMonitor.enabled (not .Values.http.enabled) -}}
{{- $p = append $p "metrics.podMonitor.enabled needs http.enabled, which serves the metrics." -}}
{{- end -}}
{{- toJson $p -}}
{{- end -}}

{{- define "email.clusterProblems" -}}
{{- $p := list -}}
{{- if not (include "email.address" .) -}}
{{- $p = append $p "teleport.address is empty: set it to the host:port of your Teleport proxy or auth server." -}}
{{- end -}}
{{- $own := false -}}
{{- range concat (.Values.volumes | default list) (.Values.extraVolumes | default list) -}}
{{- if eq .name "teleport-identity" -}}{{- $own = true -}}{{- end -}}
{{- end -}}
{{- if not (or .Values.teleport.identitySecretName .Values.teleport.identityVolume .Values.teleport.identityFile .Values.tbot.enabled $own) -}}
{{- $p = append $p (printf "there is no identity: sign one and store it in a secret,\n      tctl auth sign --format=file --user=access-plugin --out=auth_id\n      kubectl -n %s create secret generic teleport-email-identity --from-file=%s=auth_id\n    and set teleport.identitySecretName to its name; or let tbot renew one (tbot.enabled); or see teleport.identityVolume and teleport.identityFile." .Release.Namespace .Values.teleport.identitySecretPath) -}}
{{- end -}}
{{- if and .Values.teleport.identityVolume .Values.teleport.identityFile -}}
{{- $p = append $p "teleport.identityVolume and teleport.identityFile exclude each other: set one of them." -}}
{{- end -}}
{{- toJson $p -}}
{{- end -}}

{{- define "email.mailProblems" -}}
{{- $p := list -}}
{{- $transport := include "email.transport" . -}}
{{- if not $transport -}}
{{- $p = append $p "there is no mail transport: set smtp.host or mailgun.domain." -}}
{{- else if eq $transport "smtp" -}}
{{- with .Values.smtp -}}
{{- if not (or .host .service) -}}{{- $p = append $p "smtp.host is empty: set it to your mail server, or name a mail service in smtp.service." -}}{{- end -}}
{{- if .authenticate -}}
{{- if not .username -}}{{- $p = append $p "smtp.username is empty: set it, or smtp.authenticate to false for a relay without login." -}}{{- end -}}
{{- if not (or .password .passwordFromSecret .oauth2 $.Values.mailSecretFile) -}}
{{- $p = append $p (printf "there is no SMTP password: store it in a secret with the key %s and set smtp.passwordFromSecret to its name, or set smtp.authenticate to false for a relay without login." .passwordSecretPath) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- with .Values.mailgun -}}
{{- if not .domain -}}{{- $p = append $p "mailgun.domain is empty: set it to your sending domain." -}}{{- end -}}
{{- if not (or .privateKey .privateKeyFromSecret $.Values.mailSecretFile) -}}
{{- $p = append $p (printf "there is no Mailgun API key: store it in a secret with the key %s and set mailgun.privateKeyFromSecret to its name." .privateKeySecretPath) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not .Values.delivery.sender -}}
{{- $p = append $p "delivery.sender is empty: set the address that emails come from." -}}
{{- end -}}
{{- if not (or .Values.roleToRecipients .Values.delivery.recipients) -}}
{{- $p = append $p "there are no recipients: set roleToRecipients, with \"*\" for all other roles." -}}
{{- end -}}
{{- toJson $p -}}
{{- end -}}

{{/* Those of the original's charts are in their words. */}}
{{- define "email.tbotProblems" -}}
{{- $p := list -}}
{{- if and .Values.crd.create (not .Values.tbot.enabled) -}}
{{- $p = append $p "Custom resources cannot be deployed without tbot enabled" -}}
{{- end -}}
{{- if .Values.tbot.enabled -}}
{{- $tbot := .Values.tbot -}}
{{- if not $tbot.clusterName -}}{{- $p = append $p "`tbot.clusterName` must be provided" -}}{{- end -}}
{{- if not $tbot.customConfig -}}
{{- if and $tbot.teleportAuthAddress $tbot.teleportProxyAddress -}}
{{- $p = append $p "`tbot.teleportAuthAddress` and `tbot.teleportProxyAddress` are mutually exclusive" -}}
{{- else if not (or $tbot.teleportAuthAddress $tbot.teleportProxyAddress) -}}
{{- $p = append $p "`tbot.teleportAuthAddress` or `tbot.teleportProxyAddress` must be provided" -}}
{{- end -}}
{{- $hasOwn := or .Values.teleport.identitySecretName .Values.teleport.identityVolume .Values.teleport.identityFile -}}
{{- if not (or $tbot.defaultOutput.enabled $tbot.outputs $tbot.services $hasOwn) -}}
{{- $p = append $p "tbot writes no identity: set tbot.defaultOutput.enabled to true, or name the identity that the plugin uses in teleport.identitySecretName." -}}
{{- end -}}
{{- end -}}
{{- if .Values.crd.create -}}
{{- $spec := .Values.crd.tokenSpecOverride | default dict -}}
{{- if and (hasKey $spec "join_method") (ne (toString $spec.join_method) $tbot.joinMethod) -}}
{{- $p = append $p "crd.tokenSpecOverride.join_method must be same as tbot.joinMethod" -}}
{{- else if and (ne $tbot.joinMethod "kubernetes") (not $spec) -}}
{{- $p = append $p "crd.tokenSpecOverride cannot be empty in chart values" -}}
{{- else if and (ne $tbot.joinMethod "kubernetes") (not $spec.join_method) -}}
{{- $p = append $p "crd.tokenSpecOverride.join_method cannot be empty in chart values" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $p -}}
{{- end -}}
