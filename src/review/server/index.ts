import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { messageOf, PipelineError, systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';
import { createApp } from './app.js';
import { startBackground, type Background } from './background.js';
import { createTaskData } from './create-task.js';
import { ownerOnly, prepareDataFolder, readOrCreateToken, removeAllBut, type DataFolder } from './data-folder.js';
import { Events } from './events.js';
import { exportTask } from './export.js';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { importTask } from './import.js';
import { importProject } from './import-project.js';
import { Addresses, inUrl, loopbackHosts } from './access/addresses.js';
import { keepPassword } from './access/password.js';
import { forgetExpiredTokens } from './store/access-tokens.js';
import { openStore, type Store } from './store/database.js';
import { pictureFiles } from './store/pictures.js';
import { forgetExpiredRequests, resultFiles } from './store/requests.js';
import type { PipelineFolders } from './web/pipeline.js';
import { AnnotationVersions } from './web/versions.js';
import { WebhookSender } from './webhook-sender.js';

export interface ReviewServerOptions {
  /** Everything the server keeps: database, pictures, token. Made if it is not there. */
  dataFolder: string;
  /** Default 127.0.0.1. Another than a loopback address needs `publicNames` and a password. */
  host?: string;
  /** Names (or addresses) by which other machines reach the server; it answers to no others. */
  publicNames?: readonly string[];
  /** Of the user `reviewer`. Only its hash is kept, which also serves later starts without a password. */
  password?: string | undefined;
  /** Default 0 = any free one. */
  port?: number;
  /** A request whose body has not arrived after so long is cut off, since it holds a connection. Default 5 minutes. */
  requestTimeoutMs?: number;
  /** Where the pipeline keeps its rounds and dataset, for the pages about them. Without it they show nothing. */
  pipeline?: PipelineFolders;
  /** Gets one object per answered request and per event; secrets are never in it. */
  log?: (line: object) => void;
}

export interface ReviewServer {
  /** `http://<host>:<port>` */
  url: string;
  token: string;
  /** Answers the requests that are running and stops; background work goes on at the next start. */
  close(): Promise<void>;
}

/** How long {@link ReviewServer.close} waits for running requests before it cuts their connections. */
const closeGraceMs = 5000;

/**
 * Starts the embedded annotation server, which speaks CVAT's REST API. While it runs, `<dataFolder>/connection.json`
 * tells other processes of this user its URL and token, and where people on other machines find it.
 * @throws PipelineError HOST_NOT_LOOPBACK, PASSWORD_TOO_SHORT, DATA_FOLDER_UNWRITABLE, DATA_FOLDER_IN_USE, DATABASE_FAILED, PORT_IN_USE
 */
export async function startReviewServer(options: ReviewServerOptions): Promise<ReviewServer> {
  const { host = '127.0.0.1', port = 0, publicNames = [], log = () => undefined } = options;
  const folder = await prepareDataFolder(options.dataFolder);
  const opened: Opened = { lock: lockFolder(folder.lock) };
  try {
    const passwordHash = await keepPassword(folder.password, options.password);
    requireSafeHost(host, publicNames, passwordHash);
    const token = await readOrCreateToken(folder);
    const store = (opened.store = await openStore(folder.database));
    await removeLeftovers(store, folder);
    const own = isWildcard(host) ? [] : [host];
    const webhooks = (opened.webhooks = new WebhookSender(store, log, { sparesLinkLocal: publicNames.length > 0 }));
    const events = new Events(store, webhooks, log);
    const context = { store, folder, versions: new AnnotationVersions(), events };
    const background = (opened.background = startBackground(context, work, log));
    const app = (opened.app = await createApp(
      { ...context, background },
      {
        token,
        passwordHash,
        requestTimeoutMs: options.requestTimeoutMs ?? 300_000,
        behindProxy: publicNames.length > 0,
        addresses: new Addresses([...publicNames, ...own]),
        hosts: new Set(['127.0.0.1', ...[...publicNames, ...own].map(inUrl)]),
        log,
        webhooks,
        pipeline: options.pipeline,
      },
    ));
    const url = await listen(app, host, port);
    const connection = { url, token, pid: process.pid, publicUrls: publicUrls(host, publicNames, new URL(url).port) };
    await writeFileAtomic(folder.connection, `${JSON.stringify(connection)}\n`, ownerOnly);
    log({ event: 'listening', url });
    let closed: Promise<void> | undefined;
    return { url, token, close: () => (closed ??= stop(opened, folder)) };
  } catch (error) {
    await release(opened);
    throw error;
  }
}

/** Whether this means all addresses of the machine. */
function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Other machines are let in only where somebody has said so, and under which name, and has set a password. */
function requireSafeHost(host: string, publicNames: readonly string[], passwordHash: string | undefined): void {
  if (loopbackHosts.includes(host)) return;
  if (publicNames.length > 0 && passwordHash !== undefined) return;
  throw new PipelineError('HOST_NOT_LOOPBACK', `The review server does not listen on ${host} without a password.`, {
    hint:
      `Use one of ${loopbackHosts.join(', ')}. To let other machines in, give the name they use in ` +
      'FRAMELOOP_REVIEW_NAMES (or --public-name) and a password in FRAMELOOP_REVIEW_PASSWORD; for a team, run CVAT.',
  });
}

/** At its own port where it listens for other machines, else at a proxy that stands before it and speaks TLS. */
function publicUrls(host: string, publicNames: readonly string[], port: string): string[] {
  const direct = !loopbackHosts.includes(host);
  return publicNames.map((name) => (direct ? `http://${inUrl(name)}:${port}` : `https://${inUrl(name)}`));
}

const work: Parameters<typeof startBackground>[1] = {
  create: createTaskData,
  export: exportTask,
  import: (context, request, run) =>
    request.target === 'project' ? importProject(context, request, run) : importTask(context, request, run),
};

/** What has to be given back, as far as it was reached. */
interface Opened {
  lock: FolderLock;
  store?: Awaited<ReturnType<typeof openStore>>;
  webhooks?: WebhookSender;
  background?: Background;
  app?: FastifyInstance;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (systemErrorCode(error) === 'EADDRINUSE') {
      throw new PipelineError('PORT_IN_USE', `Port ${port} on ${host} is used by another program.`, {
        hint: 'Stop the other program or choose another port (0 takes any free one).',
        retryable: true,
        cause: error,
      });
    }
    throw new PipelineError('LISTEN_FAILED', `The review server cannot listen on ${host}, port ${port}.`, {
      hint: `Choose another port (${messageOf(error)}).`,
      cause: error,
    });
  }
  const address = app.server.address() as AddressInfo;
  // A program of this machine cannot call "any address".
  const reached = isWildcard(host) ? '127.0.0.1' : host;
  return `http://${inUrl(reached)}:${address.port}`;
}

async function stop(opened: Opened, folder: DataFolder): Promise<void> {
  // First of all nobody finds the server any more.
  await rm(folder.connection, { force: true });
  const cut = setTimeout(() => opened.app?.server.closeAllConnections(), closeGraceMs);
  try {
    await release(opened);
  } finally {
    clearTimeout(cut);
  }
}

async function release({ lock, store, webhooks, background, app }: Opened): Promise<void> {
  try {
    await app?.close();
    await webhooks?.close();
    await background?.close();
    await store?.destroy();
  } finally {
    lock.release();
  }
}

/** Removes what a kill left: half uploads, and files that no row names because their row was never or no longer there. */
async function removeLeftovers(store: Store, folder: DataFolder): Promise<void> {
  await forgetExpiredRequests(store);
  await forgetExpiredTokens(store);
  await removeAllBut(folder.incoming, new Set());
  await removeAllBut(folder.exports, await resultFiles(store));
  const known = await pictureFiles(store);
  await removeAllBut(folder.pictures, new Set([...known.keys()].map(String)));
  for (const [taskId, files] of known) await removeAllBut(path.join(folder.pictures, String(taskId)), files);
}
