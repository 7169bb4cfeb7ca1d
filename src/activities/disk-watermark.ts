import { log } from '@temporalio/activity';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describeBytes, diskSpace } from '../common/disk-space.js';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import { loadConfig, type LoadedConfig } from '../config/index.js';
import type { ActivityDependencies, Resources } from './resources.js';

/** How soon a held back download looks again. */
const lookAgainMs = 15_000;

type Paths = LoadedConfig['paths'];
type Storage = LoadedConfig['storage'];

/** The mark that downloads to this host are held back, for whoever looks; it also makes the pause outlast a restart. */
const pauseFile = (dataFolder: string) => path.join(dataFolder, 'downloads-paused.json');

const resumeAbove = ({ pause_below, resume_above = pause_below * 1.2 }: Storage) => resume_above;

/**
 * Holds back a download while the disk is nearly full: from less than `storage.pause_below` free until
 * `storage.resume_above` is. The settings are those of now, not of when the round began: they are about the host. Where
 * they cannot be read at the moment, those of the round hold.
 *
 * @throws PipelineError DISK_NEARLY_FULL, which is tried again
 */
export async function waitForRoom(
  { dependencies }: Resources,
  { paths, storage: planned }: Pick<LoadedConfig, 'paths' | 'storage'>,
): Promise<void> {
  const storage = await currentStorage(dependencies, planned, (problem) => {
    log.warn('The settings of the storage are those of the round, since the configuration cannot be read', { problem });
  });
  const { freeBytes, since, ended } = await lookAtPause(paths, storage);
  if (ended !== undefined) {
    log.info('There is room again: downloads go on', { freeBytes, pausedSince: ended });
  }
  if (since === undefined) {
    if (freeBytes >= storage.pause_below) return;
    log.warn('The disk is nearly full: downloads are paused', { freeBytes, pauseBelow: storage.pause_below });
    await markPause(paths.data);
  }
  throw new PipelineError(
    'DISK_NEARLY_FULL',
    `Downloads are paused: ${describeBytes(freeBytes)} are free at ${paths.downloads}, they go on from ${describeBytes(resumeAbove(storage))}.`,
    {
      hint: 'Make room: `frameloop gc` shows what nobody needs any more. Or lower storage.pause_below.',
      retryable: true,
      retryAfterMs: lookAgainMs,
    },
  );
}

/** What the configuration says about the storage now; `otherwise` while it has a mistake, which `onProblem` is told. */
export async function currentStorage(
  { folder, configFile }: Pick<ActivityDependencies, 'folder' | 'configFile'>,
  otherwise: Storage,
  onProblem: (problem: string) => void = () => undefined,
): Promise<Storage> {
  try {
    return (await loadConfig({ folder, file: configFile })).storage;
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    onProblem(error.message);
    return otherwise;
  }
}

/**
 * Since when downloads to this data folder are held back (ISO time); undefined when they are not. Ends the pause when
 * there is room again: `ended` is when it had begun then.
 */
export async function lookAtPause(
  paths: Paths,
  storage: Storage,
): Promise<{ freeBytes: number; since?: string; ended?: string }> {
  const { freeBytes } = await diskSpace(paths.downloads);
  const since = await readPause(paths.data);
  if (since === undefined || freeBytes < resumeAbove(storage)) return { freeBytes, since };
  await rm(pauseFile(paths.data), { force: true });
  return { freeBytes, ended: since };
}

async function readPause(dataFolder: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(pauseFile(dataFolder), 'utf8')) as { since: string }).since;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function markPause(dataFolder: string): Promise<void> {
  try {
    await writeFileAtomic(pauseFile(dataFolder), `${JSON.stringify({ since: new Date().toISOString() })}\n`);
  } catch (error) {
    // A disk that is quite full has no room for the mark either; the download is held back all the same.
    if (systemErrorCode(error) === undefined) throw error;
    log.warn('The pause could not be noted', { error: messageOf(error) });
  }
}
