import { Client, Connection } from '@temporalio/client';
import { execa } from 'execa';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { createCvatClient, type CvatClient } from '../../src/annotation/index.js';
import { openCatalog } from '../../src/catalog/index.js';
import { findTool, projectRoot } from '../../src/tools/index.js';
import { freePort, temporaryFolder, until } from './programs.js';

/** How one call of the command line ended. */
export interface CliResult {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

export const program = path.join(projectRoot(), 'dist', 'client', 'main.js');
/** A command that hangs ends, and fails its test, before the test's own time is over. */
const commandTimeoutMs = 240_000;

/** What the machine of whoever runs the tests has configured must not reach them; where the tools are, must. */
export function cleanEnvironment(): Record<string, string> {
  const ours = /^(CVAT_|TEMPORAL_(?!CLI_PATH)|MODEL_PATH$|FRAMELOOP_)/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || ours.test(name) ? [] : [[name, value] as const],
    ),
  );
}

/** Starts the built command line as a user would. */
export function startCli(args: string[], options: { cwd: string; env?: Record<string, string> }) {
  return execa(process.execPath, [program, ...args], {
    cwd: options.cwd,
    env: { ...cleanEnvironment(), ...options.env },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    // The programs that `up` starts are stopped by it, which takes a moment.
    forceKillAfterDelay: 60_000,
  });
}

/** Runs the built command line until it ends. */
export async function runCli(
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<CliResult> {
  const child = startCli(args, options);
  const timer = setTimeout(() => child.kill('SIGTERM'), commandTimeoutMs);
  try {
    const { exitCode, stdout, stderr } = await child;
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** The parts of `error[CODE]: message` and the hint below it, as people see them. */
export function shownError(stderr: string): { code?: string; message?: string; hint?: string } {
  const lines = stderr.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('error['));
  const [, code, message] = /^error\[([A-Z_\d]+)\]: (.*)$/.exec(lines[at] ?? '') ?? [];
  return { code, message, hint: at < 0 ? undefined : lines.slice(at + 1).join('\n') };
}

/** Writes `config.yaml` and `.env` into a folder. */
export async function writeSettings(folder: string, config: object, env: Record<string, string>): Promise<void> {
  await writeFile(path.join(folder, 'config.yaml'), stringify(config));
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(folder, '.env'), lines.join(''));
}

/** `frameloop up` in a folder of its own, and the command line in that folder. */
export interface Up {
  folder: string;
  dataFolder: string;
  /** Of the Temporal server. */
  address: string;
  temporalUi: string;
  pid: number;
  /** Where CVAT's webhooks are received. */
  webhooks: string;
  run(...args: string[]): Promise<CliResult>;
  /** Runs a command that must succeed and gives its `--json` document. */
  json<T>(...args: string[]): Promise<T>;
  /** A client of the embedded annotation server. */
  cvat(): Promise<CvatClient>;
  /** Ctrl-C, then removes the folder. */
  stop(): Promise<CliResult>;
}

/** Starts `frameloop up` on free ports. `prepare` fills the folder before. */
export async function startUp(options: {
  name: string;
  config: object;
  /** In the file `.env`. */
  env?: Record<string, string>;
  /** Of the process itself. */
  processEnv?: Record<string, string>;
  prepare?: (folder: string) => Promise<void>;
}): Promise<Up> {
  const { folder, remove } = await temporaryFolder(options.name);
  await writeSettings(folder, options.config, { MODEL_PATH: demoModel, ...options.env });
  await options.prepare?.(folder);
  const names = ['--temporal-port', '--ui-port', '--review-port', '--webhook-port'];
  const numbers = await Promise.all(names.map(freePort));
  const temporal = numbers[0];
  const ports = names.flatMap((name, index) => [name, `${numbers[index]}`]);
  const child = startCli(['up', '--json', ...ports], { cwd: folder, env: options.processEnv });
  const address = `127.0.0.1:${temporal}`;
  const stop = async (): Promise<CliResult> => {
    const { exitCode, stdout, stderr } = await interrupt(child);
    await remove();
    return { exitCode, stdout, stderr };
  };
  let ready: Awaited<ReturnType<typeof readyDocument>>;
  try {
    ready = await readyDocument(child);
  } catch (error) {
    const { stderr } = await stop();
    throw new Error(`frameloop up did not start: ${stderr}`, { cause: error });
  }
  const run = (...args: string[]) => runCli(args, { cwd: folder, env: { TEMPORAL_ADDRESS: address } });
  const dataFolder = path.join(folder, 'data');
  return {
    ...{ folder, dataFolder, address, pid: child.pid ?? 0, run, stop },
    temporalUi: String(ready.temporalUi),
    webhooks: String(ready.webhooks),
    async json<T>(...args: string[]) {
      const { exitCode, stdout, stderr } = await run(...args, '--json');
      if (exitCode !== 0) throw new Error(`frameloop ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    cvat: async () => {
      const connection = await readFile(path.join(dataFolder, 'review', 'connection.json'), 'utf8');
      const { url, token } = JSON.parse(connection) as { url: string; token: string };
      return createCvatClient({ host: url, token });
    },
  };
}

type Cli = ReturnType<typeof startCli>;

/** Sends Ctrl-C and waits for the end. */
export async function interrupt(child: Cli) {
  child.kill('SIGINT');
  return child;
}

/** The first line of the stdout of `up --json`: it is up. */
export async function readyDocument(child: Cli): Promise<Record<string, unknown>> {
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await until('the program to be up', () => Promise.resolve(text.includes('\n') || child.exitCode !== null));
  return JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>;
}

export const demoModel = path.join(projectRoot(), 'models', 'demo.onnx');

/** One of the bundled clips: each is a video of its own, for a video is processed only once. */
export const demoClip = (name: 'day' | 'night' | 'mixed'): string =>
  path.join(projectRoot(), 'demo', 'clips', `match-${name}.mp4`);

/** A reviewer who finds nothing to mend: sets every job of a task to completed. */
export async function completeJobs(cvat: CvatClient, taskId: number): Promise<number> {
  const jobs = await cvat.list<{ id: number }>('/api/jobs', { task_id: taskId, type: 'annotation' });
  for (const { id } of jobs) await cvat.json('PATCH', `/api/jobs/${id}`, { body: { state: 'completed' } });
  return jobs.length;
}

/** The tasks that rounds wait for: they are filled, boxes and all. Oldest round first. */
export async function waitingTasks(dataFolder: string): Promise<number[]> {
  const catalog = await openCatalog(dataFolder);
  try {
    return (await catalog.roundsInState('waiting')).flatMap(({ taskId }) => taskId ?? []);
  } finally {
    await catalog.close();
  }
}

/** What `frameloop status --json` says. */
export interface Status {
  workflowId: string;
  state: string;
  progress?: {
    stage: string;
    paused: boolean;
    videos: { found: number; done: number; failed: number; inFlight: string[] };
    task?: { id: number; url: string; jobsDone: number; jobsTotal: number };
  };
  nextPollAt?: string;
  result?: unknown;
}

/** Waits until a round stands as `reached` wants it. */
export function untilStatus(
  up: Up,
  id: string,
  what: string,
  reached: (status: Status) => unknown,
  seconds = 180,
): Promise<Status> {
  return until(
    `round ${id} to be ${what}`,
    async () => {
      const { exitCode, stdout } = await up.run('status', id, '--json');
      if (exitCode !== 0) return undefined;
      const status = JSON.parse(stdout) as Status;
      return reached(status) ? status : undefined;
    },
    seconds,
  );
}

/** Waits until a round waits for people, and gives the number of its task. */
export async function untilWaiting(up: Up, id: string, seconds?: number): Promise<number> {
  const { progress } = await untilStatus(up, id, 'waiting', ({ progress }) => progress?.stage === 'waiting', seconds);
  return progress?.task?.id ?? 0;
}

/**
 * Waits until a waiting round has looked at its task and will look again only after its poll time: what people do from
 * now on is seen by nobody before that, unless somebody says so.
 * @param after what this returned before something made the round look anew: it has done so by then
 */
export async function untilBetweenPolls(up: Up, taskId: number, after?: string): Promise<string> {
  const connection = await Connection.connect({ address: up.address });
  try {
    const handle = new Client({ connection }).workflow.getHandle(`cvat-task-${taskId}`);
    return await until('the looks at the task to be over', async () => {
      // The round says that it waits a moment before its wait has begun.
      const wait = await handle.describe().catch(() => undefined);
      const poll = wait?.raw.pendingActivities?.find(({ attempt }) => Number(attempt) >= 2);
      return poll?.activityId === after ? undefined : (poll?.activityId ?? undefined);
    });
  } finally {
    await connection.close();
  }
}

/** Runs Temporal's own command line against the server of `up`, and gives what it prints. */
export async function temporalCli(up: Up, ...args: string[]): Promise<string> {
  const { path: cli } = await findTool('temporal');
  return (await execa(cli, [...args, '--address', up.address])).stdout;
}

/** Cuts a video of its own out of a bundled clip, without encoding it again. */
export async function cutClip(
  file: string,
  from: 'day' | 'night' | 'mixed',
  startSeconds: number,
  seconds: number,
): Promise<string> {
  const { path: ffmpeg } = await findTool('ffmpeg');
  const input = ['-ss', `${startSeconds}`, '-t', `${seconds}`, '-i', demoClip(from)];
  await execa(ffmpeg, ['-v', 'error', '-y', ...input, '-c', 'copy', file]);
  return file;
}

/** Makes a folder and gives its path. */
export async function makeFolder(...parts: string[]): Promise<string> {
  const folder = path.join(...parts);
  await mkdir(folder, { recursive: true });
  return folder;
}
