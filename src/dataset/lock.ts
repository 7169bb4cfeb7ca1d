import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { processExists, processStart } from '../common/processes.js';

/** Who holds a lock: the content of the lock file. */
interface Owner {
  pid: number;
  host: string;
  /** When the process started, in clock ticks since boot (Linux); tells a process from a later one with its pid. */
  processStart: string | null;
  token: string;
}

/** The holder touches its lock file this often. */
const HEARTBEAT_MS = 5_000;
/** A lock whose holder cannot be looked up, being on another host, is stale when it was not touched for this long. */
const STALE_MS = 60_000;
/** Writing the lock file takes microseconds: one that still has no content after this long lost its writer. */
const HALF_WRITTEN_MS = 2_000;
const RETRY_MS = 100;

/**
 * Runs `work` while no other process or caller holds the lock `file`. A holder that died, even by SIGKILL, is
 * recognised and its lock taken over.
 *
 * @param options.waitMs how long to wait for a living holder before `DATASET_LOCKED` (retryable) is thrown.
 */
export async function withLock<T>(
  file: string,
  options: { waitMs: number; signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  await acquire(file, token, options);
  const heartbeat = setInterval(() => {
    // Failing to touch is found out when the lock is released; the work itself does not depend on it.
    void utimes(file, new Date(), new Date()).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    const current = await readOwner(file);
    if (current?.owner?.token === token) await rm(file, { force: true });
  }
}

async function acquire(file: string, token: string, { waitMs, signal }: { waitMs: number; signal?: AbortSignal }) {
  const owner: Owner = { pid: process.pid, host: hostname(), processStart: await processStart(process.pid), token };
  for (let waited = 0; ; waited += RETRY_MS) {
    signal?.throwIfAborted();
    await create(file, owner);
    // Whoever was frozen before it could write into its new file finds that of another here: it was taken for dead.
    const current = await readOwner(file);
    if (current?.owner?.token === token) return;
    if (current === undefined) continue; // released in the meantime
    if (await isStale(current)) {
      await remove(file, current.text);
      continue;
    }
    if (waited >= waitMs) {
      const holder = current.owner ? `process ${current.owner.pid} on ${current.owner.host}` : 'another process';
      throw new PipelineError('DATASET_LOCKED', `The dataset is being changed by ${holder}.`, {
        hint: `Wait for it to end. If you know that it does not run any more, delete ${file}.`,
        retryable: true,
      });
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** Does nothing where there is one. */
async function create(file: string, owner: Owner): Promise<void> {
  try {
    await writeFile(file, JSON.stringify(owner), { flag: 'wx' });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

interface Held {
  text: string;
  /** Undefined while the file is just being written, or when its writer died at that moment. */
  owner?: Owner;
  ageMs: number;
}

async function readOwner(file: string): Promise<Held | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    return { text, owner: parseOwner(text), ageMs: Date.now() - mtimeMs };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined; // half written: its age decides
  }
}

async function isStale({ owner, ageMs }: Held): Promise<boolean> {
  if (owner === undefined) return ageMs > HALF_WRITTEN_MS;
  if (owner.host !== hostname()) return ageMs > STALE_MS;
  return !processExists(owner.pid) || owner.processStart !== (await processStart(owner.pid));
}

/**
 * Removes a stale lock. Of two processes that found it stale at once only one may: it is moved away first, and put back
 * if it has become a living one meanwhile.
 */
async function remove(file: string, staleText: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== staleText) await link(aside, file);
  await rm(aside, { force: true });
}
