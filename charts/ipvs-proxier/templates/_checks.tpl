{{/* Values that a schema cannot refuse: missing together, or contradicting each other. Each names value and remedy. */}}
{{- define "ipvs-proxier.checks" -}}
{{- $api := .Values.apiServer -}}
{{- if not (or $api.host $api.urls $api.kubeProxyConfigMap.name) -}}
{{- fail "apiServer: no address of the API server, and the address of the Service kubernetes does not work before this program serves it: set apiServer.host (and apiServer.port) to an address that every node reaches without Services, or apiServer.urls, or apiServer.kubeProxyConfigMap.name=kube-proxy to use the kubeconfig of kube-proxy" -}}
{{- end -}}
{{- if and $api.host $api.kubeProxyConfigMap.name -}}
{{- fail "apiServer: apiServer.host and apiServer.kubeProxyConfigMap.name exclude each other: keep one of them; apiServer.urls may stand beside either" -}}
{{- end -}}
{{- if dig "apiServer" "urls" "" .Values.proxierConfiguration -}}
{{- fail "proxierConfiguration.apiServer.urls: give them as apiServer.urls" -}}
{{- end -}}
{{- if and $api.kubeProxyConfigMap.name (ne .Release.Namespace "kube-system") -}}
{{- fail (printf "apiServer.kubeProxyConfigMap.name: a pod can use ConfigMaps of its own namespace only, and the one of kube-proxy is in kube-system: install with --namespace kube-system, not %s, or set apiServer.host" .Release.Namespace) -}}
{{- end -}}
{{- if and .Values.monitoring.podMonitor.enabled .Values.monitoring.serviceMonitor.enabled -}}
{{- fail "monitoring.podMonitor.enabled and monitoring.serviceMonitor.enabled: every series would be read twice: enable one of them" -}}
{{- end -}}
{{- $metrics := include "ipvs-proxier.metrics" . | fromJson -}}
{{- range $kind := list "podMonitor" "serviceMonitor" -}}
{{- if (index $.Values.monitoring $kind).enabled -}}
{{- if $metrics.loopback -}}
{{- fail (printf "monitoring.%s.enabled: metrics are served on %s, which Prometheus cannot reach: set kubeProxyConfiguration.metricsBindAddress to 0.0.0.0:10249, and see docs/security.md for who can read them then" $kind $metrics.host) -}}
{{- end -}}
{{- if eq (int $metrics.port) 0 -}}
{{- fail (printf "monitoring.%s.enabled: proxierConfiguration.waiting.metricsPort is 0, so there are no metrics in mode %s: set it to a free port" $kind $.Values.mode) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: is needed with serviceAccount.create=false: name the account to use" -}}
{{- end -}}
{{- with and (kindIs "map" .Values.kubeProxyConfiguration) (include "ipvs-proxier.unknownFields" .) -}}
{{- fail (printf "kubeProxyConfiguration: there are no such settings: %s: correct their spelling or remove them; text, as after --set-file, is read as kube-proxy reads it, which leaves out what it does not know" (splitList " " . | join ", ")) -}}
{{- end -}}
{{- end -}}
