import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../scripts/setup/lock.mjs';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'frameloop-lock-'));
  file = path.join(folder, 'setup.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The id of a process that has ended. */
function deadPid(): number {
  return Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
}

function leaveLock(holder: object): void {
  writeFileSync(file, JSON.stringify({ host: hostname(), token: 'left behind', ...holder }));
}

describe('two set-ups at once', () => {
  it('work one after the other, and leave no lock', async () => {
    const events: string[] = [];
    const work = (name: string) =>
      withLock(
        file,
        () => {},
        async () => {
          events.push(`${name} begins`);
          await sleep(50);
          events.push(`${name} ends`);
        },
      );
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(events.map((event) => event.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
    expect(events[0]?.[0]).toBe(events[1]?.[0]);
    expect(existsSync(file)).toBe(false);
  });

  it('the lock of a killed set-up is taken over', async () => {
    leaveLock({ pid: deadPid() });
    expect(
      await withLock(
        file,
        () => {},
        () => Promise.resolve('done'),
      ),
    ).toBe('done');
    expect(existsSync(file)).toBe(false);
  });

  it('but not while the npm or pip that it started still writes', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      leaveLock({ pid: deadPid(), child: child.pid });
      let waitedFor: number | undefined;
      let entered = false;
      const done = withLock(
        file,
        (pid) => (waitedFor = pid),
        () => Promise.resolve((entered = true)),
      );
      await sleep(400);
      expect(entered).toBe(false);
      expect(waitedFor).toBeGreaterThan(0);
      child.kill('SIGKILL');
      expect(await done).toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('nor the one of another machine on a shared disk, until it has been silent for long', async () => {
    leaveLock({ host: 'another-machine', pid: deadPid() });
    let entered = false;
    const done = withLock(
      file,
      () => {},
      () => Promise.resolve((entered = true)),
    );
    await sleep(400);
    expect(entered).toBe(false);
    const tenMinutesAgo = new Date(Date.now() - 600_000);
    utimesSync(file, tenMinutesAgo, tenMinutesAgo);
    expect(await done).toBe(true);
  });

  it('the lock names the program at work, for whoever comes after a kill', async () => {
    await withLock(
      file,
      () => {},
      (onStart) => {
        onStart(4711);
        expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid, child: 4711 });
        return Promise.resolve();
      },
    );
  });
});
