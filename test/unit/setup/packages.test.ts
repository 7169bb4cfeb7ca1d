import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingPackages, type LockEntry } from '../../../scripts/setup/packages.mjs';

const linux = { os: 'linux', cpu: 'x64', libc: 'glibc' };
let root: string;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'frameloop-packages-'));
  for (const name of ['a', 'b', 'native-linux']) {
    mkdirSync(path.join(root, 'node_modules', name), { recursive: true });
    writeFileSync(path.join(root, 'node_modules', name, 'package.json'), '{}');
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function lock(packages: Record<string, LockEntry>) {
  return {
    packages: Object.fromEntries(Object.entries(packages).map(([name, entry]) => [`node_modules/${name}`, entry])),
  };
}

describe('whether the npm packages are as package-lock.json says', () => {
  const wanted = lock({ a: { version: '1.0.0' }, b: { version: '2.0.0' } });

  it('nothing is missing after a whole install', () => {
    expect(missingPackages(wanted, wanted, linux, root)).toEqual({ required: [], optional: [] });
  });

  it('everything is missing when npm did not come to its end', () => {
    expect(missingPackages(wanted, undefined, linux, root).required).toHaveLength(2);
  });

  it('notices a package of another version', () => {
    const installed = lock({ a: { version: '1.0.0' }, b: { version: '1.9.0' } });
    expect(missingPackages(wanted, installed, linux, root).required).toEqual(['node_modules/b']);
  });

  it('notices a folder that was deleted', () => {
    const more = lock({ a: { version: '1.0.0' }, gone: { version: '1.0.0' } });
    expect(missingPackages(more, more, linux, root).required).toEqual(['node_modules/gone']);
  });

  it('asks only for the native parts of this machine', () => {
    const native = lock({
      'native-linux': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
      'native-musl': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      'native-mac': { version: '1.0.0', optional: true, os: ['darwin'], cpu: ['arm64'] },
    });
    const onLinux = lock({ 'native-linux': { version: '1.0.0', optional: true } });
    expect(missingPackages(native, onLinux, linux, root).optional).toEqual([]);
    const onMac = missingPackages(native, onLinux, { os: 'darwin', cpu: 'arm64' }, root);
    expect(onMac).toEqual({ required: [], optional: ['node_modules/native-mac'] });
  });
});
