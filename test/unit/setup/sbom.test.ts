import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { inProject, read } from '../docs/files.js';

interface Bill {
  bomFormat: string;
  specVersion: string;
  components: { name: string; version: string; purl: string }[];
}

describe('the software bill of materials', () => {
  const bill = JSON.parse(
    execFileSync(process.execPath, [inProject('scripts/sbom.mjs')], { encoding: 'utf8' }),
  ) as Bill;
  const named = bill.components.map(({ name, version }) => `${name}@${version}`);

  it('is CycloneDX', () => {
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    for (const { purl } of bill.components) expect(purl).toMatch(/^pkg:(npm|pypi)\/\S+@\S+$/);
  });

  it('has every package that package.json wants in production, in the version of the lock file', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const wanted = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
    expect(wanted.filter((each) => !named.includes(each))).toEqual([]);
  });

  it('has none that only developing needs', () => {
    expect(named.filter((each) => /^(vitest|eslint|prettier)@/.test(each))).toEqual([]);
  });

  it('has the programs that set-up installs', () => {
    const pins = [...read('scripts/tools-requirements.txt').matchAll(/^([\w-]+)(?:\[.*\])?==(\S+)/gm)];
    expect(pins.length).toBeGreaterThan(2);
    for (const [, name, version] of pins) expect(named).toContain(`${name}@${version}`);
  });
});
