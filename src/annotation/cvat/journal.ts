import { readFile, rm } from 'node:fs/promises';
import { systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';

/**
 * What of an upload has arrived. CVAT cannot be asked for that before the upload is finished, so it is written down here
 * before and after every batch.
 */
export interface UploadJournal {
  taskId: number;
  /** Names of the frames that CVAT has confirmed. */
  sent: string[];
  /** Names of the batch that was on its way: it arrived as a whole or not at all. */
  inFlight: string[];
}

/** `undefined` where there is none: then the upload begins anew. */
export async function readJournal(file: string | undefined): Promise<UploadJournal | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as UploadJournal;
}

export async function writeJournal(file: string | undefined, journal: UploadJournal): Promise<void> {
  if (file !== undefined) await writeFileAtomic(file, JSON.stringify(journal));
}

export async function removeJournal(file: string | undefined): Promise<void> {
  if (file !== undefined) await rm(file, { force: true });
}
