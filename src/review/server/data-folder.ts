import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PipelineError, systemErrorCode } from '../../common/errors.js';
import { temporaryName } from '../../common/files.js';

/** Where the server keeps what. */
export interface DataFolder {
  root: string;
  database: string;
  lock: string;
  token: string;
  connection: string;
  /** Uploads that are still arriving; emptied at every start. */
  incoming: string;
  /** `<task id>/<random name>.<ext>`: names that users chose never become paths. */
  pictures: string;
  exports: string;
}

/**
 * Makes the folder and its parts, for this user only.
 * @throws PipelineError DATA_FOLDER_UNWRITABLE
 */
export async function prepareDataFolder(root: string): Promise<DataFolder> {
  const inside = (name: string) => path.join(path.resolve(root), name);
  const folder: DataFolder = {
    root: path.resolve(root),
    database: inside('review.sqlite'),
    lock: inside('lock.sqlite'),
    token: inside('token'),
    connection: inside('connection.json'),
    incoming: inside('incoming'),
    pictures: inside('pictures'),
    exports: inside('exports'),
  };
  try {
    await mkdir(folder.root, { recursive: true, mode: 0o700 });
    for (const part of [folder.incoming, folder.pictures, folder.exports]) await mkdir(part, { recursive: true });
    // Folders may be there and yet refuse new files.
    const probe = temporaryName(folder.token);
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (error) {
    throw new PipelineError('DATA_FOLDER_UNWRITABLE', `Cannot write to the review server's folder ${folder.root}.`, {
      hint: `Choose another folder or give yourself write access to it (${messageOf(error)}).`,
      cause: error,
    });
  }
  return folder;
}

/** Writes a file that only this user may read, whole or not at all. */
export async function writePrivateFile(file: string, content: string): Promise<void> {
  const temporary = temporaryName(file);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  await syncFolder(path.dirname(file));
}

/** Makes renames inside a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The access token: made once, the same ever after. Call it only while holding the folder's lock, so that one process makes it. */
export async function readOrCreateToken(folder: DataFolder): Promise<string> {
  try {
    const token = (await readFile(folder.token, 'utf8')).trim();
    if (token !== '') return token;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('base64url');
  await writePrivateFile(folder.token, `${token}\n`);
  return token;
}

/** Removes every file and folder directly inside `folder` that `keep` does not name. */
export async function removeAllBut(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!keep.has(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
