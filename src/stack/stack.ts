import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import { localTemporalEnvironment } from './local-temporal.js';
import { lockDataFolder } from './lock.js';
import { preferPort, requirePort } from './ports.js';
import { readyLine, Service, type ServiceOptions } from './service.js';
import { temporalServer } from './temporal-server.js';

export interface StackOptions {
  /** Absolute. The servers keep their state here. */
  dataFolder: string;
  ports: { temporal: number; temporalUi: number; review: number };
  /** What to do when a port is taken: `fail`, since somebody counts on the number, or take `any` free one. */
  portTaken: 'fail' | 'any';
  /** Whether to start the embedded annotation server: not where a CVAT is configured. */
  review: boolean;
  /** Where the annotation server listens other than on 127.0.0.1, and the names that other machines have for it. */
  reviewAccess?: { host?: string; publicNames: readonly string[] };
  /** Where the dataset grows, for the annotation server's page about it. Default: `dataset` in the data folder. */
  datasetFolder?: string;
  configFile?: string;
  /** Overrides of environment variables for the worker. */
  env?: Record<string, string>;
  /** The worker's log goes to the file only. */
  quiet?: boolean;
  onRestart?: (message: string) => void;
  /** Gives up the start: what was started already is stopped again, and the signal's reason is thrown. */
  signal?: AbortSignal;
}

export interface Stack {
  temporalAddress: string;
  temporalUi: string;
  /** The page of the annotation server with the token that signs a browser in; none where it was not started. */
  reviewLink?: string;
  /** Where people on other machines find that page. */
  reviewUrls: string[];
  /** Aborts, with the error, when one of the programs has ended and starting it again would not help. */
  broken: AbortSignal;
  stop(): Promise<void>;
}

/** Starts everything a round needs on this machine: Temporal's development server, the annotation server, a worker. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataFolder, onRestart, signal } = options;
  const aborted = abortOf(signal);
  await makeDataFolder(dataFolder);
  const lock = await lockDataFolder(dataFolder);
  const started: Service[] = [];
  const servers: Service[] = [];
  const broken = new AbortController();
  const watched = {
    onRestart,
    onGaveUp: (error: PipelineError) => broken.abort(error),
    onSpawn: () => {
      lock
        .record(servers.flatMap(({ pid }) => pid ?? []))
        .catch((error: unknown) => onRestart?.(`The servers could not be noted: ${messageOf(error)}`));
    },
  };
  const stop = async (): Promise<void> => {
    // The worker first, so that its last words still find the servers.
    for (const service of started.reverse()) await service.stop();
    await lock.release();
  };
  try {
    const ports = await choosePorts(options);
    const temporalAddress = `127.0.0.1:${ports.temporal}`;
    const temporalUi = `http://127.0.0.1:${ports.temporalUi}`;
    const reviewFolder = path.join(dataFolder, 'review');
    const temporal = await temporalServer({
      dataFolder,
      port: ports.temporal,
      uiPort: ports.temporalUi,
      ...watched,
    });
    servers.push(temporal);
    if (options.review) {
      servers.push(
        ourProgram(
          'Annotation server',
          '../review/server/main',
          [
            ...['--data', reviewFolder, '--port', `${ports.review}`, '--with-parent'],
            ...['--pipeline', dataFolder, '--dataset', options.datasetFolder ?? path.join(dataFolder, 'dataset')],
            ...['--temporal-ui', options.env?.TEMPORAL_UI_URL ?? temporalUi],
            ...(options.reviewAccess?.host === undefined ? [] : ['--host', options.reviewAccess.host]),
            ...(options.reviewAccess?.publicNames ?? []).flatMap((name) => ['--public-name', name]),
          ],
          { logFile: path.join(dataFolder, 'review.log'), ...watched },
        ),
      );
    }
    for (const server of servers) started.push(server);
    await Promise.race([Promise.all(servers.map((server) => server.start())), aborted]);

    const worker = ourProgram(
      'Worker',
      '../client/main',
      [
        'worker',
        '--json',
        '--with-parent',
        ...(options.quiet ? ['--quiet'] : []),
        ...(options.configFile ? ['--config', options.configFile] : []),
      ],
      {
        logFile: path.join(dataFolder, 'worker.log'),
        env: { ...options.env, ...localTemporalEnvironment(temporalAddress) },
        ...watched,
      },
    );
    started.push(worker);
    await Promise.race([worker.start(), aborted]);
    const review = options.review ? await addressesOf(reviewFolder) : { reviewUrls: [] };
    return { temporalAddress, temporalUi, ...review, broken: broken.signal, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The annotation server tells other processes of this user its addresses and token by this file. */
async function addressesOf(reviewFolder: string): Promise<Pick<Stack, 'reviewLink' | 'reviewUrls'>> {
  const connection = await readFile(path.join(reviewFolder, 'connection.json'), 'utf8');
  const { url, token, publicUrls } = JSON.parse(connection) as { url: string; token: string; publicUrls: string[] };
  return { reviewLink: `${url}/?token=${token}`, reviewUrls: publicUrls };
}

/** Rejects when the signal aborts; only for races, where nobody may be listening any more by then. */
function abortOf(signal?: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = () => reject(signal?.reason as Error);
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
  });
  aborted.catch(() => undefined);
  return aborted;
}

async function choosePorts({ ports, portTaken, review }: StackOptions): Promise<StackOptions['ports']> {
  const choose = (port: number, what: string, option: string) =>
    portTaken === 'fail' ? requirePort(port, what, option) : preferPort(port);
  return {
    temporal: await choose(ports.temporal, 'the Temporal server', '--temporal-port'),
    temporalUi: await choose(ports.temporalUi, 'the Temporal UI', '--ui-port'),
    review: review ? await choose(ports.review, 'the annotation server', '--review-port') : 0,
  };
}

/** One of our own programs as a service: compiled, or from its sources where those are run. */
function ourProgram(
  name: string,
  program: string,
  args: string[],
  options: Pick<ServiceOptions, 'logFile' | 'env' | 'onSpawn' | 'onRestart' | 'onGaveUp'>,
): Service {
  const sources = import.meta.url.endsWith('.ts');
  const file = fileURLToPath(new URL(`${program}.${sources ? 'ts' : 'js'}`, import.meta.url));
  return new Service({
    name,
    command: process.execPath,
    args: [...(sources ? ['--import', 'tsx'] : []), file, ...args],
    ready: readyLine,
    // A wrong configuration.
    finalExitCode: 2,
    ...options,
  });
}

async function makeDataFolder(dataFolder: string): Promise<void> {
  try {
    await mkdir(dataFolder, { recursive: true });
    await writeFileAtomic(path.join(dataFolder, '.writable'), '');
    await rm(path.join(dataFolder, '.writable'));
  } catch (error) {
    throw new PipelineError(
      'DATA_FOLDER_UNWRITABLE',
      `The data folder ${dataFolder} cannot be written to (${systemErrorCode(error) ?? String(error)}).`,
      { hint: 'Set paths.data in the configuration to a folder that you may write to.', cause: error },
    );
  }
}
