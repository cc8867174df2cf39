// One check of "helm test": node check.cjs NAME. Tries until it succeeds or TIMEOUT_SECONDS have passed.
const { readFileSync } = require('node:fs');
const { resolve4, resolve6 } = require('node:dns/promises');

const environment = process.env;
const timeoutMs = 1000 * Number(environment.TIMEOUT_SECONDS);
const attemptMs = 3000;

const checks = {
  /** The Service default/kubernetes leads to the API server. Any answer will do, a refusal included. */
  async api() {
    const { status } = await ask(`${apiUrl()}/version`);
    return `${apiUrl()} answers with status ${status}`;
  },

  /** The DNS Service answers, with the address of the Service kubernetes. */
  async dns() {
    const name = `kubernetes.default.svc.${environment.CLUSTER_DOMAIN}`;
    const expected = environment.KUBERNETES_SERVICE_HOST;
    const found = await (expected.includes(':') ? resolve6 : resolve4)(name);
    if (!found.includes(expected)) throw new Error(`${name} is ${found.join(', ')} and not ${expected}`);
    return `${name} is ${expected}`;
  },

  /** A Service of type NodePort answers on the address of this node. */
  async 'node-port'() {
    const service = await readService(environment.NODE_PORT_SERVICE);
    const url = `http://${bracketed(environment.HOST_IP)}:${service.spec.ports[0].nodePort}/`;
    return await asked(url);
  },

  /** Internal traffic policy Local, with a backend on this node: it answers. */
  async 'policy-local'() {
    const service = await readService(environment.LOCAL_SERVICE);
    return await asked(`http://${bracketed(service.spec.clusterIP)}:${service.spec.ports[0].port}/`);
  },

  /** The same without a backend on this node: nobody answers. */
  async 'policy-local-elsewhere'() {
    await checks['node-port'](); // the backend is there
    const service = await readService(environment.LOCAL_SERVICE);
    const url = `http://${bracketed(service.spec.clusterIP)}:${service.spec.ports[0].port}/`;
    const answer = await asked(url).catch(() => undefined);
    if (answer !== undefined) throw new Error(`${answer}, although its backend is on another node`);
    return `${url} does not answer here, as it should`;
  },
};

function apiUrl() {
  const { API_URL, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } = environment;
  return API_URL ?? `https://${bracketed(KUBERNETES_SERVICE_HOST)}:${KUBERNETES_SERVICE_PORT}`;
}

function bracketed(address) {
  return address.includes(':') ? `[${address}]` : address;
}

async function ask(url, headers = {}) {
  return await fetch(url, { headers, signal: AbortSignal.timeout(attemptMs) });
}

async function asked(url) {
  const { pod, client } = await (await ask(url)).json();
  return `${url} is answered by ${pod}, which sees the client ${client}`;
}

async function readService(name) {
  const directory = environment.SERVICE_ACCOUNT ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  const token = readFileSync(`${directory}/token`, 'utf8').trim();
  const path = `/api/v1/namespaces/${environment.POD_NAMESPACE}/services/${name}`;
  const response = await ask(apiUrl() + path, { Authorization: `Bearer ${token}` });
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return await response.json();
}

async function main(name) {
  const check = checks[name];
  if (check === undefined) throw new Error(`no check ${name}; there are: ${Object.keys(checks).join(', ')}`);
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      console.log(`ok: ${await check()}`);
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

main(process.argv[2]).catch((error) => {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  console.error(`failed: ${error.message}${cause}`);
  process.exitCode = 1;
});
