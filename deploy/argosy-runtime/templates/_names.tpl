{{- define "runtime.selector" -}}
app.kubernetes.io/name: argosy-runtime
app.kubernetes.io/instance: {{ .Values.name }}
{{- end }}

{{- define "runtime.labels" -}}
{{ include "runtime.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: argosy
{{- end }}

{{- define "runtime.clusterName" -}}
argosy-runtime-{{ .Release.Namespace }}
{{- end }}
