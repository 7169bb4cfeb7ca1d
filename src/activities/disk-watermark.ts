import { log } from '@temporalio/activity';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describeBytes, diskSpace } from '../common/disk-space.js';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import { loadConfig } from '../config/index.js';
import type { Resources } from './resources.js';

/** How soon a held back download looks again. */
const lookAgainMs = 15_000;

/** The mark that downloads to this host are held back, for whoever looks; it also makes the pause outlast a restart. */
const pauseFile = (dataFolder: string) => path.join(dataFolder, 'downloads-paused.json');

/**
 * Holds back a download while the disk is nearly full: from less than `storage.pause_below` free until
 * `storage.resume_above` is. The settings are those of now, not of when the round began: they are about the host.
 *
 * @throws PipelineError DISK_NEARLY_FULL, which is tried again
 */
export async function waitForRoom(
  { dependencies }: Resources,
  paths: { data: string; downloads: string },
): Promise<void> {
  const { storage } = await loadConfig({ folder: dependencies.folder, file: dependencies.configFile });
  const { pause_below: pauseBelow, resume_above: resumeAbove = pauseBelow * 1.2 } = storage;
  const { freeBytes } = await diskSpace(paths.downloads);
  const paused = await readDownloadPause(paths.data);
  if (freeBytes >= (paused === undefined ? pauseBelow : resumeAbove)) {
    if (paused === undefined) return;
    await rm(pauseFile(paths.data), { force: true });
    log.info('There is room again: downloads go on', { freeBytes, pausedSince: paused });
    return;
  }
  if (paused === undefined) {
    await writeFileAtomic(pauseFile(paths.data), `${JSON.stringify({ since: new Date().toISOString() })}\n`);
    log.warn('The disk is nearly full: downloads are paused', { freeBytes, pauseBelow });
  }
  throw new PipelineError(
    'DISK_NEARLY_FULL',
    `Downloads are paused: ${describeBytes(freeBytes)} are free at ${paths.downloads}, they go on from ${describeBytes(resumeAbove)}.`,
    {
      hint: 'Make room: `frameloop gc` shows what nobody needs any more. Or lower storage.pause_below.',
      retryable: true,
      retryAfterMs: lookAgainMs,
    },
  );
}

/** Since when downloads to this data folder are held back (ISO time); undefined when they are not. */
export async function readDownloadPause(dataFolder: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(pauseFile(dataFolder), 'utf8')) as { since: string }).since;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
