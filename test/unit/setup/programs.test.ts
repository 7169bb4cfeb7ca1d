import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgram, type Memory } from '../../../scripts/setup/programs.mjs';

const rule = {
  minimum: '1.3',
  environment: 'TEMPORAL_CLI_PATH',
  arguments: ['--version'],
  pattern: '^temporal version v?(\\d\\S*)',
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'frameloop-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that states this version, and counts its starts. */
function program(name: string, version: string): string {
  const file = path.join(folder, name, 'temporal');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho x >> "$0.starts"\necho "temporal version ${version} (Server 1.32.0)"\n`, {
    mode: 0o755,
  });
  return path.dirname(file);
}

function find(environment: NodeJS.ProcessEnv, remembered: Memory = {}) {
  return findProgram('temporal', rule, { environment, own: path.join(folder, 'own'), remembered });
}

describe.skipIf(process.platform === 'win32')('which programs count as present', () => {
  it('takes the first on PATH that is recent enough', async () => {
    const [old, good] = [program('old', '1.2.0'), program('good', '1.5.1')];
    expect(await find({ PATH: `${old}:${folder}/absent:${good}` })).toEqual({
      path: `${good}/temporal`,
      version: '1.5.1',
    });
  });

  it('finds nothing where there is only an old one, or a file that is no program', async () => {
    const text = path.join(folder, 'text');
    mkdirSync(text);
    writeFileSync(path.join(text, 'temporal'), 'temporal version 9.9.9', { mode: 0o644 });
    expect(await find({ PATH: `${text}:${program('old', '1.2.0')}` })).toBeUndefined();
  });

  it('leaves out what it installed itself: else a new pin would never be installed', async () => {
    const own = program('own', '1.9.1');
    const link = path.join(folder, 'link');
    symlinkSync(own, link);
    expect(await find({ PATH: `${own}:${link}` })).toBeUndefined();
  });

  it('a program that the environment names comes first', async () => {
    const [named, other] = [program('named', '1.4.0'), program('other', '1.9.0')];
    const found = await find({ TEMPORAL_CLI_PATH: `${named}/temporal`, PATH: other });
    expect(found?.path).toBe(`${named}/temporal`);
  });

  it.each(['absent', 'old'])('says so when the environment names a wrong one: %s', async (name) => {
    program('old', '1.2.0');
    const wrong = { TEMPORAL_CLI_PATH: `${folder}/${name}/temporal`, PATH: program('good', '1.9.0') };
    await expect(find(wrong)).rejects.toThrow('TEMPORAL_CLI_PATH names');
  });

  it('asks a program once, and again when its file changed', async () => {
    const remembered: Memory = {};
    const PATH = program('good', '1.5.1');
    await find({ PATH }, remembered);
    await find({ PATH }, remembered);
    expect(readFileSync(`${PATH}/temporal.starts`, 'utf8')).toBe('x\n');
    program('good', '1.10.0');
    expect((await find({ PATH }, remembered))?.version).toBe('1.10.0');
  });
});
