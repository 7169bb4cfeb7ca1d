import { execa, type ResultPromise } from 'execa';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../common/errors.js';
import { RotatingFile } from '../common/rotating-file.js';

export interface ServiceOptions {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  /** Whether `env` comes on top of our environment (the default) or is all of it. */
  extendEnv?: boolean;
  /** Everything the program prints is kept here. */
  logFile: string;
  /** Resolves when the program serves; `lines` are those of its stdout. */
  ready: (lines: AsyncIterable<string>, signal: AbortSignal) => Promise<void>;
  /** Exit code for what starting the program again would not help, such as a wrong configuration. */
  finalExitCode?: number;
  /** Called whenever the program has a process id, a new one after a restart. */
  onSpawn?: () => void;
  /** Told in one sentence when the program ended by itself and is started again. */
  onRestart?: (message: string) => void;
  /** Told when a program that served has ended with `finalExitCode`, and is not started again. */
  onGaveUp?: (error: PipelineError) => void;
}

/** Between two starts of a program that does not stay up. */
const restartDelayMs = 1_000;
const stopPatienceMs = 40_000;

/** An external program that is kept running until {@link stop}. */
export class Service {
  private child?: ResultPromise;
  private stopping = false;
  private watching?: Promise<void>;
  /** The end of what the program printed on stderr. */
  private lastWords = '';

  constructor(private readonly options: ServiceOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts the program and waits until it serves. @throws PipelineError SERVICE_FAILED when it ends before that. */
  async start(): Promise<void> {
    await this.spawn();
    this.watching = this.watch();
  }

  private async spawn(): Promise<void> {
    const { command, args, env, extendEnv, logFile, ready, onSpawn } = this.options;
    const log = new RotatingFile(logFile);
    const child = execa(command, args, {
      env,
      extendEnv,
      // A group of its own: Ctrl-C in the terminal reaches us, and we stop the programs in order. Its stdin is a pipe
      // that closes when we die, which our own programs take as the word to stop.
      detached: process.platform !== 'win32',
      stdin: 'pipe',
      buffer: false,
      reject: false,
      forceKillAfterDelay: stopPatienceMs,
    });
    this.child = child;
    onSpawn?.();
    this.lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      this.lastWords = (this.lastWords + String(chunk)).slice(-2000);
    });
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    const ended = new AbortController();
    void child.then(() => {
      ended.abort();
      log.close();
    });
    const lines = child.stdout ? createInterface({ input: child.stdout }) : [];
    const early = child.then((result) => {
      throw this.failure(`ended before it was ready (exit code ${result.exitCode ?? '?'})`);
    });
    try {
      await Promise.race([ready(lines as AsyncIterable<string>, ended.signal), early]);
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      early.catch(() => undefined); // the race is over: a later end is the watcher's business
    }
  }

  /** Starts the program again whenever it ends, until we stop it. */
  private async watch(): Promise<void> {
    while (this.child && !this.stopping) {
      const result = await this.child;
      if (this.stopping) return;
      const how = result.signal ? `was killed by ${result.signal}` : `ended with exit code ${result.exitCode ?? '?'}`;
      if (result.exitCode !== undefined && result.exitCode === this.options.finalExitCode) {
        this.options.onGaveUp?.(this.failure(`${how} and is not started again`));
        return;
      }
      this.options.onRestart?.(`${this.options.name} ${how}; starting it again`);
      await sleep(restartDelayMs);
      if (this.stopping) return;
      try {
        await this.spawn();
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        this.options.onRestart?.(error.message);
      }
    }
  }

  private failure(how: string): PipelineError {
    const { name, logFile } = this.options;
    // Our own programs end with what is wrong and how to mend it.
    const said = /^error\[[\s\S]+/m.exec(this.lastWords)?.[0] ?? '';
    return new PipelineError('SERVICE_FAILED', `${name} ${how}.`, { hint: `${said}Its output is in ${logFile}.` });
  }

  /** Stops the program: politely first, then by force. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.child?.kill('SIGTERM');
    await this.child;
    await this.watching;
  }
}

/** For {@link ServiceOptions.ready}: waits for the JSON line `{"ready": true}` of our own programs. */
export async function readyLine(lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) {
    if (line.startsWith('{') && (JSON.parse(line) as { ready?: boolean }).ready) return;
  }
  // The program ended; that is told by whoever waits for its exit.
  await new Promise(() => undefined);
}
