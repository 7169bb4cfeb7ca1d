import { log } from '@temporalio/activity';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';

/**
 * How often a site has failed with a video in a round, in a file. Temporal's attempts count other things as well: a
 * restart of the worker, every look at a full disk.
 */
export class SiteFailures {
  private readonly file: string;

  constructor(roundFolder: string, videoKey: string) {
    this.file = path.join(roundFolder, 'site-failures', videoKey);
  }

  /** One more; gives how many there are now. */
  async add(): Promise<number> {
    const count = (await this.read()) + 1;
    try {
      await writeFileAtomic(this.file, `${count}\n`);
    } catch (error) {
      // What went wrong with the site is what the round has to hear.
      if (systemErrorCode(error) === undefined) throw error;
      log.warn('A failure of the site could not be noted', { error: messageOf(error) });
    }
    return count;
  }

  async forget(): Promise<void> {
    await rm(this.file, { force: true });
  }

  private async read(): Promise<number> {
    try {
      return Number(await readFile(this.file, 'utf8')) || 0;
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return 0;
      throw error;
    }
  }
}
