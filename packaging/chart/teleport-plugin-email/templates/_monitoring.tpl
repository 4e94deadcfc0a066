{{/* The spec of a PodMonitor for the pods of `selector`. */}}
{{- define "email.monitorSpec" -}}
{{- $monitor := .root.Values.metrics.podMonitor -}}
{{- with $monitor.jobLabel }}
jobLabel: {{ . }}
{{- end }}
{{- with $monitor.namespace }}
namespaceSelector:
  matchNames:
    - {{ $.root.Release.Namespace }}
{{- end }}
selector:
  matchLabels:
    {{- include .selector .root | nindent 4 }}
podMetricsEndpoints:
  - port: {{ .port }}
    path: /metrics
    {{- range $name := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" }}
    {{- with index $monitor $name }}
    {{ $name }}:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/*
Label matchers for the series of this installation: another one, healthy or not, must not decide whether
its alerts fire. The name of a pod is that of its deployment and two random parts; Kubernetes truncates
names of more than 63 characters.
*/}}
{{- define "email.seriesSelector" -}}
{{- $full := include "email.fullname" . -}}
{{- $pods := ternary (printf "%s-[^-]+-[^-]+" $full) (printf "%s.*" (trunc 46 $full)) (le (len $full) 46) -}}
{{- .Values.metrics.rules.selector | default (printf "namespace=%q, pod=~%q" .Release.Namespace $pods) -}}
{{- end -}}

{{/* Where the runbook of the alerts is; empty if the chart does not know. */}}
{{- define "email.runbook" -}}
{{- $sources := .Chart.Sources | default list -}}
{{- $inRepository := ternary (printf "%s/blob/v%s/%s" (first $sources | default "" | trimSuffix "/") .Chart.AppVersion "docs/operate/alerts.md") "" (gt (len $sources) 0) -}}
{{- .Values.metrics.rules.runbookUrl | default $inRepository -}}
{{- end -}}

{{/* The spec of the PrometheusRule, of files/alerts.yaml with this installation's selector in each expression. */}}
{{- define "email.alertRules" -}}
{{- $rules := .Values.metrics.rules -}}
{{- $selector := include "email.seriesSelector" . -}}
{{- $runbook := include "email.runbook" . -}}
{{- $disabled := dict -}}
{{- if kindIs "slice" $rules.disabled -}}
{{- range $rules.disabled -}}{{- $_ := set $disabled . true -}}{{- end -}}
{{- else -}}
{{- $disabled = $rules.disabled | default dict -}}
{{- end -}}
{{- $groups := list -}}
{{- range $group := (.Files.Get "files/alerts.yaml" | fromYaml).groups -}}
{{- $kept := list -}}
{{- range $rule := $group.rules -}}
{{- if not (index $disabled $rule.alert) -}}
{{- $_ := set $rule "expr" (replace "@SELECTOR@" $selector $rule.expr) -}}
{{- $_ := set $rule "labels" (include "email.merged" (list $rule.labels $rules.additionalRuleLabels) | fromYaml) -}}
{{- $link := ternary (dict "runbook_url" (printf "%s#%s" $runbook (lower $rule.alert))) dict (ne $runbook "") -}}
{{- $_ := set $rule "annotations" (include "email.merged" (list $rule.annotations $link $rules.additionalRuleAnnotations) | fromYaml) -}}
{{- $kept = append $kept $rule -}}
{{- end -}}
{{- end -}}
{{- if $kept -}}
{{- $groups = append $groups (dict "name" $group.name "rules" $kept) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "groups" $groups) -}}
{{- end -}}
