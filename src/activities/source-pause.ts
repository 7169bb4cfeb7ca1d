import { log } from '@temporalio/activity';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import { reachOfFailure } from '../video/index.js';

/** Stands for every site: the disk is full, a program is missing. */
const everySite = 'all';

const fileOf = (roundFolder: string, site: string) =>
  path.join(roundFolder, 'paused', `${encodeURIComponent(site)}.json`);

/**
 * Where only a person can help (a bot check, expired cookies, a full disk), pauses the site for the rest of the round:
 * trying its other videos would make it worse. They go back for the next round, with the same reason.
 */
export async function pauseIfHopeless(roundFolder: string, site: string, error: unknown): Promise<void> {
  if (!(error instanceof PipelineError)) return;
  const reach = reachOfFailure(error.code);
  if (reach !== undefined) await pauseSource(roundFolder, reach === 'all' ? everySite : site, error);
}

/** Pauses a site for the rest of the round, for whatever reason. */
export async function pauseSource(roundFolder: string, site: string, reason: PipelineError): Promise<void> {
  const { message, hint } = reason;
  try {
    await writeFileAtomic(fileOf(roundFolder, site), `${JSON.stringify({ message, hint })}\n`);
  } catch (error) {
    // A full disk has no room for the mark: its reason is what the round has to hear all the same.
    if (systemErrorCode(error) === undefined) throw error;
    log.warn('The pause of a site could not be noted', { site, error: messageOf(error) });
  }
}

/** Why nothing more is taken from this site in this round, if so. */
export async function pausedBecause(roundFolder: string, site: string): Promise<PipelineError | undefined> {
  for (const each of [everySite, site]) {
    try {
      const text = await readFile(fileOf(roundFolder, each), 'utf8');
      const { message, hint } = JSON.parse(text) as { message: string; hint?: string };
      return new PipelineError('SOURCE_PAUSED', `Not tried, since downloads are paused for this round: ${message}`, {
        hint,
      });
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
  }
  return undefined;
}
