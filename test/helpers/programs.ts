import { execa, type Options, type ResultPromise } from 'execa';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findTool, projectRoot } from '../../src/tools/index.js';

/** A folder of its own for a test, and what removes it. */
export async function temporaryFolder(name: string): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `frameloop-${name}-`));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }) };
}

/** Below the ports that the system gives to connections that go out, so that none takes a port before its program does. */
const ports = { first: 12_000, span: 2_000 };
let nextPort = Math.floor(Math.random() * ports.span);

/** A free port of 127.0.0.1. Test files that run at the same time choose from ranges of their own. */
export async function freePort(): Promise<number> {
  const first = ports.first + ports.span * (Number(process.env['VITEST_POOL_ID'] ?? 0) % 8);
  for (let tries = 0; tries < ports.span; tries++) {
    const port = first + (nextPort++ % ports.span);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`no free port from ${first} to ${first + ports.span - 1}`);
}

/** How long to wait between two looks: what is not there at once is looked for less often, since looking is work, too. */
const firstPauseMs = 40;
const longestPauseMs = 400;

/** Polls until `check` gives something; a test that waits in vain says what for. */
export async function until<T>(what: string, check: () => Promise<T | undefined | false>, seconds = 120): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (let pause = firstPauseMs; Date.now() < end; pause = Math.min(pause * 1.3, longestPauseMs)) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    await sleep(pause);
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`);
}

/** A program that does not end when it is told to fails its test: workers promise to be gone within 30 s. */
const programOptions = { stdin: 'ignore', reject: false, all: true, forceKillAfterDelay: 30_000 } as const;

/** A program that a test starts and ends, or kills. */
export class Program {
  private readonly child: ResultPromise<typeof programOptions>;

  constructor(command: string, args: string[], options: Pick<Options, 'cwd' | 'env'> = {}) {
    this.child = execa(command, args, { ...options, ...programOptions });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** Of its process alone, as the kernel counts it. */
  async memoryMegabytes(): Promise<number> {
    const { stdout } = await execa('ps', ['-o', 'rss=', '-p', String(this.child.pid)]);
    return Number(stdout) / 1024;
  }

  /** SIGSTOP and SIGCONT freeze it and let it go on, as a suspended machine does. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** SIGKILL, as the kernel does it when memory runs out: no clean-up of any kind. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child;
  }

  async stop(): Promise<string> {
    // What is frozen does not hear that it should end.
    this.child.kill('SIGCONT');
    this.child.kill('SIGTERM');
    return (await this.child).all;
  }
}

/**
 * Temporal's development server on a database file; started anew on the same file and port, it goes on. Without a file it
 * keeps its state in memory, which is quicker.
 */
export async function startTemporal(
  databaseFile: string | undefined,
  port: number,
  namespaces: readonly string[] = [],
  extraArgs: readonly string[] = [],
): Promise<Program> {
  const { path: cli } = await findTool('temporal');
  const address = `127.0.0.1:${port}`;
  const program = new Program(cli, [
    ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`],
    ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
    ...['--log-level', 'error'],
    ...namespaces.flatMap((name) => ['--namespace', name]),
    ...extraArgs,
  ]);
  await until(`the Temporal server at ${address}`, async () => {
    if (!program.running) throw new Error(`The Temporal server at ${address} ended: ${await program.stop()}`);
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' });
      await connection.close();
      return true;
    } catch {
      return false;
    }
  });
  return program;
}

/** One of our own programs, as the build made it. */
export function startOurs(
  program: string,
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
): Program {
  return new Program(process.execPath, [path.join(projectRoot(), 'dist', program), ...args], options);
}
