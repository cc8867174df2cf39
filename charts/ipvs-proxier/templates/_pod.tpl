{{/* What both containers may do besides their capabilities. */}}
{{- define "ipvs-proxier.commonSecurity" -}}
readOnlyRootFilesystem: true
runAsUser: 0
runAsGroup: 0
{{- range $key := list "seccompProfile" "seLinuxOptions" "appArmorProfile" }}
{{- with index $.Values.securityContext $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ipvs-proxier.arguments" -}}
- --config=/etc/ipvs-proxier/config.yaml
- --proxier-config=/etc/ipvs-proxier/proxier-config.yaml
- --hostname-override=$(NODE_NAME)
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The address of the API server stands in for the one that kubelet gives: that one is a Service's. */}}
{{- define "ipvs-proxier.environment" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- with .Values.apiServer }}
{{- if .host }}
- name: KUBERNETES_SERVICE_HOST
  value: {{ .host | trimPrefix "[" | trimSuffix "]" | quote }}
- name: KUBERNETES_SERVICE_PORT
  value: {{ .port | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ipvs-proxier.configurationMounts" -}}
- name: configuration
  mountPath: /etc/ipvs-proxier
  readOnly: true
{{- if .Values.apiServer.kubeProxyConfigMap.name }}
- name: kube-proxy
  mountPath: /var/lib/kube-proxy
  readOnly: true
{{- end }}
{{- end -}}

{{/* One probe. Takes path, health (as "ipvs-proxier.health" gives it) and timing. */}}
{{- define "ipvs-proxier.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .health.port }}
  {{- if not .health.wildcard }}
  host: {{ .health.host | quote }}
  {{- end }}
{{- toYaml .timing | nindent 0 }}
{{- end -}}
