import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject } from '../../../../support/api-server/objects/kubernetes-object.ts';
import { findResource, RESOURCES } from '../../../../support/api-server/objects/resources.ts';
import { parseLabelSelector, parseSelectors } from '../../../../support/api-server/objects/selectors.ts';

const LABELS = { app: 'web', tier: 'front', 'example.com/x': '' };

describe('parseLabelSelector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app=db', false],
    ['app!=db', true],
    ['missing!=db', true],
    ['app in (db, web)', true],
    ['app in (db)', false],
    ['app notin (db)', true],
    ['missing notin (db)', true],
    ['missing in (db)', false],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['example.com/x', true],
    ['example.com/x=', true],
    ['app=web,tier in (front,back),!missing', true],
    ['app=web,tier=back', false],
    ['!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name', true],
  ])('%s is %s', (selector, expected) => {
    expect(parseLabelSelector(selector)(LABELS)).toBe(expected);
  });

  it.each(['a=b=c', 'a in b', 'a b'])('refuses %s', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow(expect.objectContaining({ code: 400 }));
  });
});

describe('parseSelectors', () => {
  const services = findResource('', 'services') ?? RESOURCES[0];
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'demo' },
    spec: { clusterIP: 'None' },
  };

  it.each([
    ['metadata.name=web', true],
    ['metadata.name=other', false],
    ['metadata.namespace=demo,metadata.name=web', true],
    ['spec.clusterIP!=None', false],
    ['spec.clusterIP=None', true],
    ['spec.type!=ExternalName', true],
  ])('field selector %s is %s', (selector, expected) => {
    if (services === undefined) throw new Error('no resources');
    expect(parseSelectors(services, null, selector)(service)).toBe(expected);
  });

  it('refuses fields that the real server does not index', () => {
    if (services === undefined) throw new Error('no resources');
    expect(() => parseSelectors(services, null, 'spec.sessionAffinity=None')).toThrow('field label not supported');
  });
});
