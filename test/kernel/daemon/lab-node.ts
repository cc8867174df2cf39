import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll } from '@jest/globals';
import { Shell } from '../../support/shell.ts';
import { DaemonProcess } from './daemon-process.ts';

/** Also what the other flavour of iptables holds, where it was ever used. */
const removeAll = `
ipvsadm -C
[ ! -e /sys/class/net/kube-ipvs0 ] || ip link del kube-ipvs0
nft flush ruleset
for family in ip ip6; do
  names=/proc/net/\${family}_tables_names
  [ ! -s $names ] || sed 's/.*/*&\\nCOMMIT/' $names | \${family}tables-legacy-restore
done
ipset destroy
true`;

/** The node of the lab: its kernel, emptied before the tests, and a directory for their files. Made at the top of a file. */
export class LabNode {
  readonly shell = new Shell();
  readonly directory = mkdtempSync(join(tmpdir(), 'daemon-'));

  constructor() {
    beforeAll(() => this.clear());
  }

  /** Writes a file into the directory; its path. */
  write(name: string, content: string | object): string {
    const path = join(this.directory, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 1));
    return path;
  }

  /** Virtual servers as `ipvsadm -Sn` has them, e.g. `-A -t 10.96.0.1:80 -s rr`. */
  async virtualServers(): Promise<readonly string[]> {
    const saved = await this.shell.run('ipvsadm -Sn');
    return saved.split('\n').filter((line) => line.startsWith('-A'));
  }

  /** Whether anything of ours is in the kernel. */
  async isUntouched(): Promise<boolean> {
    const found = await this.shell.run('ipvsadm -Sn; ls -d /sys/class/net/kube-ipvs0 2>/dev/null; ipset list -n; true');
    return found === '';
  }

  /** Ends daemons that are left and removes what they programmed. */
  async clear(): Promise<void> {
    await DaemonProcess.killAll();
    await this.shell.run(removeAll);
  }

  close(): void {
    this.shell.close();
    rmSync(this.directory, { recursive: true });
  }
}
