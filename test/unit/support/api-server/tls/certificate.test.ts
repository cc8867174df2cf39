import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { CertificateAuthority } from '../../../../support/api-server/tls/certificate.ts';

describe('CertificateAuthority', () => {
  const authority = new CertificateAuthority('test authority');
  const own = new X509Certificate(authority.certificate);

  it('signs itself and says that it is an authority', () => {
    expect(own.verify(own.publicKey)).toBe(true);
    expect(own.ca).toBe(true);
    expect(own.subject).toBe('CN=test authority');
  });

  it('issues server certificates for names and addresses of both families', () => {
    const names = ['localhost', '127.0.0.1', '2001:db8::1'];
    const issued = authority.issue({ commonName: 'api', usage: 'server', subjectAltNames: names });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.verify(own.publicKey)).toBe(true);
    expect(certificate.checkIssued(own)).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('2001:db8::1')).toBe('2001:db8::1');
    expect(certificate.checkIP('127.0.0.2')).toBeUndefined();
    expect(certificate.ca).toBe(false);
  });

  it('issues client certificates with user and groups', () => {
    const issued = authority.issue({ commonName: 'bob', organizations: ['ops', 'dev'], usage: 'client' });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=bob', 'O=dev', 'O=ops']);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('keeps the asked times', () => {
    const notAfter = new Date('2031-02-03T04:05:06Z');
    const issued = authority.issue({ commonName: 'short', usage: 'server', notAfter });
    expect(new Date(new X509Certificate(issued.certificate).validTo)).toEqual(notAfter);
  });

  it('does not vouch for what another authority issued', () => {
    const other = new CertificateAuthority('other').issue({ commonName: 'api', usage: 'server' });
    expect(new X509Certificate(other.certificate).verify(own.publicKey)).toBe(false);
  });
});
