{{/* The KubeProxyConfiguration that was given, as a map, with what the chart has to decide. */}}
{{- define "ipvs-proxier.kubeProxyConfiguration" -}}
{{- $given := .Values.kubeProxyConfiguration | default dict -}}
{{- $configuration := dict -}}
{{- if kindIs "string" $given -}}
{{- $configuration = fromYaml $given -}}
{{- if hasKey $configuration "Error" -}}
{{- fail (printf "kubeProxyConfiguration: is no YAML mapping: %s" $configuration.Error) -}}
{{- end -}}
{{- else -}}
{{- $configuration = deepCopy $given -}}
{{- end -}}
{{- if or (hasKey $configuration "data") (hasKey $configuration "config.conf") -}}
{{- fail "kubeProxyConfiguration: this is a ConfigMap; give what stands under its key config.conf" -}}
{{- end -}}
{{- $kind := $configuration.kind | default "KubeProxyConfiguration" -}}
{{- if ne $kind "KubeProxyConfiguration" -}}
{{- fail (printf "kubeProxyConfiguration.kind: is %s; give a KubeProxyConfiguration" $kind) -}}
{{- end -}}
{{- $version := "kubeproxy.config.k8s.io/v1alpha1" -}}
{{- if ne ($configuration.apiVersion | default $version) $version -}}
{{- fail (printf "kubeProxyConfiguration.apiVersion: is %s; give %s" $configuration.apiVersion $version) -}}
{{- end -}}
{{- $mode := $configuration.mode | default "ipvs" -}}
{{- if ne $mode "ipvs" -}}
{{- fail (printf "kubeProxyConfiguration.mode: is %s; ipvs-proxier serves mode ipvs only: set kubeProxyConfiguration.mode to ipvs" $mode) -}}
{{- end -}}
{{- $identity := dict "apiVersion" $version "kind" $kind "mode" $mode -}}
{{- $client := deepCopy ($configuration.clientConnection | default dict) -}}
{{- $_ := set $client "kubeconfig" (include "ipvs-proxier.kubeconfigPath" .) -}}
{{- $_ := set $configuration "clientConnection" $client -}}
{{- toYaml (mustMergeOverwrite $configuration $identity) -}}
{{- end -}}

{{/* Fields that a KubeProxyConfiguration does not have, as paths with spaces between. */}}
{{- define "ipvs-proxier.unknownFields" -}}
{{- $known := .Files.Get "files/kube-proxy-fields.json" | fromJson -}}
{{- include "ipvs-proxier.unknownFieldsOf" (dict "given" (include "ipvs-proxier.kubeProxyConfiguration" . | fromYaml) "known" $known "prefix" "") | trim -}}
{{- end -}}

{{- define "ipvs-proxier.unknownFieldsOf" -}}
{{- range $key, $value := .given -}}
{{- $path := printf "%s%s" $.prefix $key -}}
{{- if not (hasKey $.known $key) }}{{ printf "%s " $path }}
{{- else if and (kindIs "map" (index $.known $key)) (kindIs "map" $value) }}{{ include "ipvs-proxier.unknownFieldsOf" (dict "given" $value "known" (index $.known $key) "prefix" (printf "%s." $path)) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Blank: the service account of the pod, at the address of apiServer. */}}
{{- define "ipvs-proxier.kubeconfigPath" -}}
{{- with .Values.apiServer.kubeProxyConfigMap -}}
{{- if .name -}}
{{- printf "/var/lib/kube-proxy/%s" .key -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What kube-proxy does not have, and the mode, which is a value of its own. */}}
{{- define "ipvs-proxier.proxierConfiguration" -}}
{{- $own := dict "apiVersion" "ipvs-proxier.io/v1alpha1" "kind" "ProxierConfiguration" "operation" .Values.mode -}}
{{- if .Values.apiServer.urls -}}
{{- $_ := set $own "apiServer" (dict "urls" .Values.apiServer.urls) -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.proxierConfiguration) $own) -}}
{{- end -}}

{{/* Changes with all that only a new process takes up: what it takes up while running is left out. */}}
{{- define "ipvs-proxier.checksum" -}}
{{- $theirs := include "ipvs-proxier.kubeProxyConfiguration" . | fromYaml -}}
{{- $logging := omit ($theirs.logging | default dict) "verbosity" -}}
{{- $theirs = omit $theirs "logging" -}}
{{- $ours := include "ipvs-proxier.proxierConfiguration" . | fromYaml -}}
{{- $rules := omit ($ours.iptables | default dict) "answerPing" "masqueradePorts" -}}
{{- $servers := omit ($ours.ipvs | default dict) "hashSourcePort" -}}
{{- $ours = omit $ours "drain" "externalPolicyFallback" "audit" "traffic" "iptables" "ipvs" -}}
{{- if $rules }}{{- $_ := set $ours "iptables" $rules }}{{- end -}}
{{- if $servers }}{{- $_ := set $ours "ipvs" $servers }}{{- end -}}
{{- list $theirs $logging $ours | toJson | sha256sum -}}
{{- end -}}

{{/* Directories of the files that the daemon writes; nothing for a file that is switched off. */}}
{{- define "ipvs-proxier.cacheDirectory" -}}
{{- $file := dig "apiServer" "cacheFile" "/var/lib/ipvs-proxier/api-servers.json" .Values.proxierConfiguration -}}
{{- if $file }}{{ dir $file }}{{ end -}}
{{- end -}}

{{- define "ipvs-proxier.socketDirectory" -}}
{{- $file := dig "statusSocket" "/run/ipvs-proxier/status.sock" .Values.proxierConfiguration -}}
{{- if $file }}{{ dir $file }}{{ end -}}
{{- end -}}

{{/*
Where a server of the daemon listens, as JSON: an address without a port has the usual one, and a blank one is the
usual address. Takes address, usualHost, usualPort.
*/}}
{{- define "ipvs-proxier.listens" -}}
{{- $address := .address | default "" -}}
{{- $host := $address -}}
{{- $port := .usualPort -}}
{{- if regexMatch "^(\\[.*\\]|[^:]*):[0-9]+$" $address -}}
{{- $port = regexFind "[0-9]+$" $address | int -}}
{{- $host = regexReplaceAll ":[0-9]+$" $address "" -}}
{{- end -}}
{{- $host = $host | trimPrefix "[" | trimSuffix "]" | default .usualHost -}}
{{- dict "host" $host "port" $port "loopback" (or (hasPrefix "127." $host) (eq $host "::1") (eq $host "localhost")) "wildcard" (or (eq $host "0.0.0.0") (eq $host "::")) | toJson -}}
{{- end -}}

{{- define "ipvs-proxier.bindsIPv6" -}}
{{- $bind := (include "ipvs-proxier.kubeProxyConfiguration" . | fromYaml).bindAddress | default "" -}}
{{- if contains ":" $bind }}true{{ end -}}
{{- end -}}

{{/* The health server. In observe and takeover it has a port of its own: the usual one is the other proxy's. */}}
{{- define "ipvs-proxier.health" -}}
{{- $configuration := include "ipvs-proxier.kubeProxyConfiguration" . | fromYaml -}}
{{- $usualHost := ternary "::" "0.0.0.0" (eq (include "ipvs-proxier.bindsIPv6" .) "true") -}}
{{- $listens := include "ipvs-proxier.listens" (dict "address" $configuration.healthzBindAddress "usualHost" $usualHost "usualPort" 10256) | fromJson -}}
{{- if ne .Values.mode "active" -}}
{{- $_ := set $listens "port" (dig "waiting" "healthzPort" 10356 .Values.proxierConfiguration) -}}
{{- end -}}
{{- $listens | toJson -}}
{{- end -}}

{{- define "ipvs-proxier.metrics" -}}
{{- $configuration := include "ipvs-proxier.kubeProxyConfiguration" . | fromYaml -}}
{{- $usualHost := ternary "::1" "127.0.0.1" (eq (include "ipvs-proxier.bindsIPv6" .) "true") -}}
{{- $listens := include "ipvs-proxier.listens" (dict "address" $configuration.metricsBindAddress "usualHost" $usualHost "usualPort" 10249) | fromJson -}}
{{- if ne .Values.mode "active" -}}
{{- $_ := set $listens "port" (dig "waiting" "metricsPort" 10349 .Values.proxierConfiguration) -}}
{{- end -}}
{{- $listens | toJson -}}
{{- end -}}
