import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type AskPort, proxiesOnPorts, proxyPorts } from '../../../../src/app/other-proxy/proxy-ports.ts';
import { textAnswer } from '../../../../src/observe/http-message.ts';
import { type HttpListener, listenHttp } from '../../../../src/observe/http-listener.ts';
import { parseIp, type IpAddress } from '../../../../src/model/ip.ts';

const ip = (text: string) => parseIp(text) as IpAddress;

describe('proxyPorts', () => {
  it('asks the standard ports, each once', () => {
    const standard = {
      healthzBindAddress: { host: ip('0.0.0.0'), port: 10_256 },
      metricsBindAddress: { host: ip('127.0.0.1'), port: 10_249 },
    };
    expect(proxyPorts(standard)).toEqual(proxyPorts({ healthzBindAddress: undefined, metricsBindAddress: undefined }));
    expect(proxyPorts(standard)).toHaveLength(2);
  });

  it('asks those of the configuration too, a wildcard on loopback', () => {
    const ports = proxyPorts({
      healthzBindAddress: { host: ip('::'), port: 11_256 },
      metricsBindAddress: { host: ip('192.168.0.1'), port: 10_249 },
    });
    expect(ports).toContainEqual({ host: '::1', port: 11_256, path: '/healthz' });
    expect(ports).toContainEqual({ host: '192.168.0.1', port: 10_249, path: '/proxyMode' });
  });
});

describe('proxiesOnPorts', () => {
  const metrics = { host: '127.0.0.1', port: 10_249, path: '/proxyMode' } as const;
  const health = { host: '::1', port: 10_256, path: '/healthz' } as const;
  const answering =
    (status: number, body: string, server = ''): AskPort =>
    async () => ({ status, server, body });

  it.each(['ipvs', 'iptables\n', 'nftables'])('takes one that answers with mode %s for kube-proxy', async (mode) => {
    expect(await proxiesOnPorts([metrics], answering(200, mode))).toEqual([
      {
        sign: 'port',
        name: 'kube-proxy or one like it',
        seen: `127.0.0.1:10249 answers /proxyMode with ${mode.trim()}`,
      },
    ]);
  });

  it.each([200, 503])('takes an answer of health with status %s for that of a proxy', async (status) => {
    const body = '{"lastUpdated": "2026-01-01 00:00:00", "currentTime": "2026-01-01 00:00:01"}';
    expect(await proxiesOnPorts([health], answering(status, body))).toEqual([
      { sign: 'port', name: 'kube-proxy or one like it', seen: `[::1]:10256 answers /healthz with status ${status}` },
    ]);
  });

  it('names another process of this program', async () => {
    const found = await proxiesOnPorts([metrics], answering(200, 'ipvs', 'ipvs-proxier'));
    expect(found[0]?.name).toBe('ipvs-proxier');
  });

  it.each<[string, number, string]>([
    ['another page', 200, 'hello'],
    ['a mode with an error', 404, 'ipvs'],
    ['nothing', 200, ''],
  ])('takes %s for something else', async (_name, status, body) => {
    expect(await proxiesOnPorts([metrics], answering(status, body))).toEqual([]);
  });

  it.each(['ok', '{}', 'null', '[]', '{"lastUpdated": 1}'])('takes the health %s for that of others', async (body) => {
    expect(await proxiesOnPorts([health], answering(200, body))).toEqual([]);
  });
});

describe('over the network', () => {
  let http: HttpListener | undefined;
  let tcp: Server | undefined;

  afterEach(async () => {
    await http?.close();
    tcp?.close();
  });

  const ask = (port: number) => proxiesOnPorts([{ host: '127.0.0.1', port, path: '/proxyMode' }]);

  it('knows our own servers by their header', async () => {
    const target = { host: '127.0.0.1', port: 0, wildcard: 'asWritten' } as const;
    http = await listenHttp({ target, handler: () => textAnswer(200, 'ipvs'), onError: () => {} });
    expect((await ask(http.port))[0]?.name).toBe('ipvs-proxier');
  });

  it('finds nobody on a port that is closed, or speaks something else', async () => {
    tcp = createTcpServer((socket) => socket.resume().end('220 hello\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => tcp?.once('listening', resolve));
    const { port } = tcp.address() as AddressInfo;
    expect(await ask(port)).toEqual([]);
    await new Promise((resolve) => tcp?.close(resolve));
    expect(await ask(port)).toEqual([]);
  });
});
