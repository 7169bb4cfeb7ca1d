import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { startTree, stopTree } from '../../../src/tools/index.js';

/** A program that starts another one, tells its process id, and waits for it. */
const parent = (child: string): string[] => ['-c', `${child} & echo $!; wait`];

/** Ended processes whose parent is gone may stay listed as zombies (`Z`) where nobody collects them. */
async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await execa('ps', ['-o', 'stat=', '-p', String(pid)], { reject: false });
  return stdout !== '' && !stdout.startsWith('Z');
}

async function firstLine(tree: { stdout: Readable }): Promise<number> {
  const [chunk] = (await once(tree.stdout, 'data')) as [Buffer];
  return Number(chunk.toString());
}

describe.skipIf(process.platform === 'win32')('a program with the programs it started', () => {
  it('an abort ends all of them', async () => {
    const controller = new AbortController();
    const tree = startTree('/bin/sh', parent('sleep 300'), controller.signal);
    const grandchild = await firstLine(tree);
    expect(await isAlive(grandchild)).toBe(true);
    controller.abort();
    expect((await tree).failed).toBe(true);
    while (await isAlive(grandchild)) await sleep(20);
  });

  it('one that does not listen is ended by force', async () => {
    const tree = startTree('/bin/sh', [
      '-c',
      `trap '' TERM; sh -c "trap '' TERM; echo \\$\\$; while :; do sleep 1; done"`,
    ]);
    const grandchild = await firstLine(tree);
    await stopTree(tree);
    expect((await tree).signal).toBe('SIGKILL');
    while (await isAlive(grandchild)) await sleep(20);
  });

  it('nothing is started after an abort', () => {
    expect(() => startTree('/bin/sh', parent('sleep 300'), AbortSignal.abort(new Error('enough')))).toThrow('enough');
  });
});
