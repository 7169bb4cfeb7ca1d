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
import { exportTask } from './export.js';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { importTask } from './import.js';
import { loopbackHosts } from './security.js';
import { openStore, type Store } from './store/database.js';
import { pictureFiles } from './store/pictures.js';
import { forgetExpiredRequests, resultFiles } from './store/requests.js';
import type { PipelineFolders } from './web/pipeline.js';

export interface ReviewServerOptions {
  /** Everything the server keeps: database, pictures, token. Made if it is not there. */
  dataFolder: string;
  /** Default 127.0.0.1. Only loopback addresses: the server is for the people of this machine. */
  host?: string;
  /** Default 0 = any free one. */
  port?: number;
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
 * tells other processes of this user its URL and token.
 * @throws PipelineError HOST_NOT_LOOPBACK, DATA_FOLDER_UNWRITABLE, DATA_FOLDER_IN_USE, DATABASE_FAILED, PORT_IN_USE
 */
export async function startReviewServer(options: ReviewServerOptions): Promise<ReviewServer> {
  const { host = '127.0.0.1', port = 0, log = () => undefined } = options;
  if (!loopbackHosts.includes(host)) {
    throw new PipelineError('HOST_NOT_LOOPBACK', `The review server does not listen on ${host}.`, {
      hint: `Use one of ${loopbackHosts.join(', ')}; for a team, run CVAT.`,
    });
  }
  const folder = await prepareDataFolder(options.dataFolder);
  const opened: Opened = { lock: lockFolder(folder.lock) };
  try {
    const token = await readOrCreateToken(folder);
    const store = (opened.store = await openStore(folder.database));
    await removeLeftovers(store, folder);
    const background = (opened.background = startBackground({ store, folder }, work, log));
    const app = (opened.app = await createApp({ store, folder, background }, token, log, options.pipeline));
    const url = await listen(app, host, port);
    await writeFileAtomic(folder.connection, `${JSON.stringify({ url, token, pid: process.pid })}\n`, ownerOnly);
    log({ event: 'listening', url });
    let closed: Promise<void> | undefined;
    return { url, token, close: () => (closed ??= stop(opened, folder)) };
  } catch (error) {
    await release(opened);
    throw error;
  }
}

const work = { create: createTaskData, export: exportTask, import: importTask };

/** What has to be given back, as far as it was reached. */
interface Opened {
  lock: FolderLock;
  store?: Awaited<ReturnType<typeof openStore>>;
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
  return `http://${host === '::1' ? '[::1]' : host}:${address.port}`;
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

async function release({ lock, store, background, app }: Opened): Promise<void> {
  try {
    await app?.close();
    await background?.close();
    await store?.destroy();
  } finally {
    lock.release();
  }
}

/** Removes what a kill left: half uploads, and files that no row names because their row was never or no longer there. */
async function removeLeftovers(store: Store, folder: DataFolder): Promise<void> {
  await forgetExpiredRequests(store);
  await removeAllBut(folder.incoming, new Set());
  await removeAllBut(folder.exports, await resultFiles(store));
  const known = await pictureFiles(store);
  await removeAllBut(folder.pictures, new Set([...known.keys()].map(String)));
  for (const [taskId, files] of known) await removeAllBut(path.join(folder.pictures, String(taskId)), files);
}
