import { execa } from 'execa';
import { totalmem } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { confine, programEnvironment, programMemory } from '../../../src/tools/index.js';

afterEach(() => vi.unstubAllEnvs());

describe('the environment of external programs', () => {
  const environment = { PATH: '/bin', HOME: '/home/a', HTTPS_PROXY: 'http://proxy', CVAT_TOKEN: 'planted', OTHER: 'x' };

  it('has what a program needs and nothing else', () => {
    expect(programEnvironment({}, environment)).toEqual({ PATH: '/bin', HOME: '/home/a' });
  });

  it('has the proxies too, for those that go to the network', () => {
    expect(programEnvironment({ network: true }, environment)).toHaveProperty('HTTPS_PROXY', 'http://proxy');
  });
});

describe('the memory of external programs', () => {
  it('is what FRAMELOOP_PROGRAM_MEMORY_MB says, else at least 1 GiB and no more than there is', () => {
    expect(programMemory({ FRAMELOOP_PROGRAM_MEMORY_MB: '300' })).toBe(300 * 1024 ** 2);
    expect(programMemory({})).toBeGreaterThanOrEqual(1024 ** 3);
    expect(programMemory({})).toBeLessThanOrEqual(Math.max(totalmem(), 1024 ** 3));
    expect(() => programMemory({ FRAMELOOP_PROGRAM_MEMORY_MB: 'lots' })).toThrow(/FRAMELOOP_PROGRAM_MEMORY_MB/);
  });

  it.skipIf(process.platform !== 'linux')(
    'is really limited, and so are core dumps (prlimit: Linux only)',
    async () => {
      vi.stubEnv('FRAMELOOP_PROGRAM_MEMORY_MB', '300');
      const { stdout } = await execa(
        ...confine('/bin/sh', ['-c', 'ulimit -d; ulimit -c; echo "$@"', 'sh', 'a b', '--c']),
      );
      // ulimit counts in KiB.
      expect(stdout.split('\n')).toEqual(['307200', '0', 'a b --c']);
    },
  );
});
