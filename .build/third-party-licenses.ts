import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Licences that may be part of what we ship under Apache-2.0. */
const allowedLicenses = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
]);

interface ThirdPartyPackage {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Directories of the packages that a bundle contains, from what esbuild tells about it. */
export function bundledPackages(metafile: Metafile): Set<string> {
  const directories = new Set<string>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const match = /^(?:[^:]*:)?.*?(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)/.exec(input);
      if (match?.[1] !== undefined && bytesInOutput > 0) {
        directories.add(match[1]);
      }
    }
  }
  return directories;
}

/** The text for users: every package with its licence. Throws when one has a licence that is not allowed, or no text. */
export function thirdPartyLicenses(directories: Iterable<string>): string {
  const packages = [...directories].map(readPackage).sort((a, b) => (a.name < b.name ? -1 : 1));
  const refused = packages.filter(({ license }) => !allowedLicenses.has(license));
  if (refused.length > 0) {
    const list = refused.map(({ name, version, license }) => `${name}@${version}: ${license}`).join(', ');
    throw new Error(`licences outside the allowed list: ${list}`);
  }
  const sections = packages.map((one) => `${one.name} ${one.version} (${one.license})\n\n${licenseText(one).trim()}\n`);
  return `This program contains the following packages.\n\n${sections.join(`\n${'-'.repeat(78)}\n\n`)}`;
}

function readPackage(directory: string): ThirdPartyPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return { directory, name, version, license: String(license ?? 'none stated') };
}

function licenseText({ directory, name, license }: ThirdPartyPackage): string {
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (file !== undefined) {
    return readFileSync(join(directory, file), 'utf8');
  }
  if (license === 'Apache-2.0') {
    return 'Under the Apache License, version 2.0; its text is in the file LICENSE of this program.';
  }
  const readme = readdirSync(directory).find((entry) => /^readme/i.test(entry));
  const section = readme && /#+ *licen[cs]e\b([\s\S]*)/i.exec(readFileSync(join(directory, readme), 'utf8'))?.[1];
  if (!section) {
    throw new Error(`${name} has no licence text in ${directory}`);
  }
  return section;
}
