import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTool } from '../../src/tools/index.js';
import { interrupt, readyDocument, shownError, startCli } from '../helpers/cli.js';
import { FrameGate } from '../helpers/frame-gate.js';
import { freePort, temporaryFolder, until } from '../helpers/programs.js';

let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => ({ folder, remove } = await temporaryFolder('interrupt')));
afterEach(() => remove());

/** The processes that descend from one, as the system sees them. */
async function descendants(root: number | undefined): Promise<number[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,ppid=']);
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const found: number[] = [];
  for (let parents = [root]; parents.length > 0;) {
    parents = pairs.filter(([, parent]) => parents.includes(parent)).map(([pid]) => pid);
    found.push(...parents.flatMap((pid) => pid ?? []));
  }
  return found;
}

/** Of those that run: one that has ended but that nobody has asked for its exit code yet (Z) does not. */
async function commandLines(pids: number[]): Promise<string[]> {
  if (pids.length === 0) return [];
  const { stdout } = await execa('ps', ['-p', pids.join(), '-o', 'stat=,args='], { reject: false });
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Z'));
}

/** A program that got its signal may need a moment to end. */
async function untilGone(pids: number[]): Promise<void> {
  await until('everything to have ended', async () => (await commandLines(pids)).length === 0);
}

/** It is started and never answers: `up` waits for it. */
async function silentTemporal(): Promise<string> {
  const file = path.join(folder, 'temporal');
  const { path: temporal } = await findTool('temporal');
  const script = `[ "$1" != server ] && exec '${temporal}' "$@"\nwhile sleep 1; do :; done\n`;
  await writeFile(file, `#!/bin/sh\n${script}`, { mode: 0o755 });
  return file;
}

async function freePorts(): Promise<string[]> {
  const options = ['--temporal-port', '--ui-port', '--review-port', '--webhook-port'];
  const ports = await Promise.all(options.map(freePort));
  return options.flatMap((option, index) => [option, `${ports[index]}`]);
}

describe('Ctrl-C', () => {
  it('ends `up` in good order, with everything that it started', async () => {
    const child = startCli(['up', '--json', ...(await freePorts())], { cwd: folder });
    expect(await readyDocument(child)).toMatchObject({ ready: true });
    const programs = await descendants(child.pid);
    const running = (await commandLines(programs)).join('\n');
    for (const part of ['server start-dev', 'review', 'worker']) expect(running).toContain(part);

    const { exitCode, stderr } = await interrupt(child);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Stopping');
    await untilGone(programs);
    // Nothing tells others that a server or a stack is there.
    expect(existsSync(path.join(folder, 'data', 'stack.json'))).toBe(false);
    expect(existsSync(path.join(folder, 'data', 'review', 'connection.json'))).toBe(false);
  });

  it('ends `up` while it is still starting, with what it has started by then', async () => {
    const env = { TEMPORAL_CLI_PATH: await silentTemporal() };
    const child = startCli(['up', ...(await freePorts())], { cwd: folder, env });
    const programs = await until('the first programs to be started', async () => {
      const pids = await descendants(child.pid);
      const lines = (await commandLines(pids)).join('\n');
      return ['server start-dev', 'review'].every((part) => lines.includes(part)) && pids;
    });
    const { exitCode } = await interrupt(child);
    expect(exitCode).toBe(130);
    await untilGone(programs);
    expect(existsSync(path.join(folder, 'data', 'stack.json'))).toBe(false);
  });

  it('ends the demo, which goes on where it was at the next start', async () => {
    // It does not get further than into its videos.
    const gate = await FrameGate.create(folder, 5);
    const first = startCli(['demo', '--data', 'demo'], { cwd: folder, env: gate.env });
    let told = '';
    first.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await until('the demo to be at work', () => Promise.resolve(/^processing/m.test(told)));
    const programs = await descendants(first.pid);
    expect(programs.length).toBeGreaterThanOrEqual(3);

    const { exitCode, stdout } = await interrupt(first);
    expect(exitCode).toBe(130);
    expect(stdout).toBe('');
    await untilGone(programs);

    const second = await startCli(['demo', '--data', 'demo', '--json'], { cwd: folder });
    expect(second.stderr).toContain('Going on with round');
    expect(second.exitCode).toBe(0);
    // Only the result is on stdout, and every bundled clip is in it once.
    const result = JSON.parse(second.stdout) as object;
    expect(result).toMatchObject({ state: 'finished', videos: { found: 3, processed: 3, failed: [] } });
  });
});

describe('`up`', () => {
  it('starts after a crash, notes a server that it starts again, and ends when the worker cannot be started again', async () => {
    const stackFile = path.join(folder, 'data', 'stack.json');
    await mkdir(path.dirname(stackFile));
    // Half of it is all that the power cut left.
    await writeFile(stackFile, '{"pid":');
    const child = startCli(['up', '--json', ...(await freePorts())], { cwd: folder });
    expect(await readyDocument(child)).toMatchObject({ ready: true });
    const running = async (words: string) => {
      for (const pid of await descendants(child.pid)) {
        if ((await commandLines([pid])).some((line) => line.includes(words))) return pid;
      }
      return undefined;
    };
    const untilNoted = (pid: number) =>
      until(`${pid} to be noted`, async () => {
        const { programs } = JSON.parse(await readFile(stackFile, 'utf8')) as { programs: number[] };
        return programs.includes(pid);
      });
    const temporal = await until('the server', () => running('server start-dev'));
    await untilNoted(temporal);
    process.kill(temporal, 'SIGKILL');
    const second = await until('another server', async () => {
      const pid = await running('server start-dev');
      return pid !== temporal && pid;
    });
    await untilNoted(second);

    await writeFile(path.join(folder, 'config.yaml'), 'vidoe: {}\n');
    process.kill(await until('the worker', () => running('client/main.js worker')), 'SIGKILL');
    const { exitCode, stderr } = await child;
    expect({ exitCode, ...shownError(stderr.slice(stderr.indexOf('Stopping'))) }).toMatchObject({
      ...{ exitCode: 1, code: 'SERVICE_FAILED', message: 'Worker ended with exit code 2 and is not started again.' },
      hint: expect.stringContaining('error[CONFIG_INVALID]') as string,
    });
    await untilGone([second]);
    expect(existsSync(stackFile)).toBe(false);
  });
});
