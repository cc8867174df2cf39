{{/* Takes the weight: objects are made in its order, and all go when the test has succeeded. */}}
{{- define "ipvs-proxier.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "ipvs-proxier.testBackendLabels" -}}
app.kubernetes.io/name: {{ include "ipvs-proxier.name" . }}-test-backend
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Other names than those of the DaemonSet's pods, which its selector and the monitors would find. */}}
{{- define "ipvs-proxier.testLabels" -}}
app.kubernetes.io/name: {{ include "ipvs-proxier.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ipvs-proxier.testPod" -}}
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: 1
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
volumes:
  - name: tests
    configMap:
      name: {{ include "ipvs-proxier.fullname" . }}-test
{{- end -}}

{{- define "ipvs-proxier.testContainer" -}}
image: {{ include "ipvs-proxier.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [/usr/local/bin/node]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tests
    mountPath: /tests
    readOnly: true
{{- end -}}
