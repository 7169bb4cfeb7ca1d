import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { temporaryName } from '../common/files.js';

/**
 * The name of this host in task queues, kept in the data folder: the same after a restart, so that rounds find their
 * files again; and the same for all processes that share the folder. The first one to come makes it.
 *
 * @throws PipelineError DATA_FOLDER_UNWRITABLE, HOST_ID_INVALID
 */
export async function readHostId(dataFolder: string): Promise<string> {
  const file = path.join(dataFolder, 'host-id');
  const id = (await readIfThere(file)) ?? (await makeHostId(file));
  if (/^[\w-]{1,64}$/.test(id)) return id;
  throw new PipelineError('HOST_ID_INVALID', `The file ${file} holds no id of a host.`, {
    hint: 'It holds one line of letters, digits, "_" and "-". Delete it: the next worker makes a new one.',
  });
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    // ENOTDIR: a part of the path is a file; making the folder will say so.
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function makeHostId(file: string): Promise<string> {
  const temporary = temporaryName(file);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(temporary, `${randomBytes(4).toString('hex')}\n`);
    // Unlike a rename, this fails where another process was quicker.
    await link(temporary, file).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    });
    await rm(temporary);
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new PipelineError(
      'DATA_FOLDER_UNWRITABLE',
      `The data folder ${path.dirname(file)} cannot be written to (${systemErrorCode(error) ?? String(error)}).`,
      { hint: 'Set paths.data in the configuration to a folder that you may write to.', cause: error },
    );
  }
}
