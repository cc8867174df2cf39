import { expect, it } from '@jest/globals';
import { createMetrics } from '../../../src/observe/metrics.ts';
import { readProcessUsage } from '../../../src/observe/process-usage.ts';

const round = '0.001 0.002 0.004 0.008 0.016 0.032 0.064 0.128 0.256 0.512 1.024 2.048 4.096 8.192 16.384';
const seconds = (from: number, to: number, step: number) =>
  Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step).join(' ');
const programming = `0.25 0.5 ${seconds(1, 59, 1)} ${seconds(60, 115, 5)} ${seconds(120, 300, 30)}`;
const request = '0.005 0.025 0.1 0.25 0.5 1 2 4 8 15 30 60';
const size = '64 256 512 1024 4096 16384 65536 262144 1048576 4194304 16777216';
const build = 'major,minor,git_version,git_commit,git_tree_state,build_date,go_version,compiler,platform';

/** What kube-proxy in mode ipvs shows, by hand: dashboards and alerts are written for exactly these. */
const upstream = `
counter   kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family}
histogram kubeproxy_conntrack_reconciler_sync_duration_seconds{ip_family} ${round}
histogram kubeproxy_network_programming_duration_seconds{ip_family} ${programming}
counter   kubeproxy_proxy_healthz_total{code}
counter   kubeproxy_proxy_livez_total{code}
histogram kubeproxy_sync_proxy_rules_duration_seconds{ip_family} ${round}
gauge     kubeproxy_sync_proxy_rules_endpoint_changes_pending{}
counter   kubeproxy_sync_proxy_rules_endpoint_changes_total{}
counter   kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family}
gauge     kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family}
gauge     kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family}
gauge     kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy,ip_family}
gauge     kubeproxy_sync_proxy_rules_service_changes_pending{}
counter   kubeproxy_sync_proxy_rules_service_changes_total{}
gauge     kubernetes_build_info{${build}}
gauge     kubernetes_feature_enabled{name,stage}
counter   process_cpu_seconds_total{}
gauge     process_max_fds{}
gauge     process_open_fds{}
gauge     process_resident_memory_bytes{}
gauge     process_start_time_seconds{}
gauge     process_virtual_memory_bytes{}
histogram rest_client_rate_limiter_duration_seconds{verb,host} ${request}
histogram rest_client_request_duration_seconds{verb,host} ${request}
counter   rest_client_request_retries_total{code,verb,host}
histogram rest_client_request_size_bytes{verb,host} ${size}
counter   rest_client_requests_total{code,method,host}
histogram rest_client_response_size_bytes{verb,host} ${size}
`;

it('has every metric of kube-proxy in mode ipvs with its type, labels and buckets, and none of another mode', () => {
  const options = { major: '', minor: '', gitVersion: '', gitCommit: '', buildDate: '', programVersion: '' };
  const { registry } = createMetrics({ build: options, features: [], processUsage: readProcessUsage });
  const shown = registry
    .describe()
    .filter(({ name }) => !name.startsWith('ipvs_proxier_'))
    .map(({ type, name, labels, buckets }) =>
      `${type.padEnd(9)} ${name}{${labels.join(',')}} ${buckets.join(' ')}`.trim(),
    );
  expect(shown.toSorted((a, b) => (a.slice(10) < b.slice(10) ? -1 : 1))).toEqual(upstream.trim().split('\n'));
});
