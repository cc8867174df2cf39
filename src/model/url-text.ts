/** A URL, or what was meant as one, as logs and messages may show it: without user and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([^/@]*:\/\/)?[^/?#]*@/, '$1');
}
