import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PipelineError, systemErrorCode } from '../../common/errors.js';
import { temporaryName, writeFileAtomic } from '../../common/files.js';

/** Mode of files with secrets: only this user may read them. */
export const ownerOnly = 0o600;

/** Where the server keeps what. */
export interface DataFolder {
  root: string;
  database: string;
  lock: string;
  token: string;
  /** The hash of the password, where one was set. */
  password: string;
  connection: string;
  /** Uploads that are still arriving; emptied at every start. */
  incoming: string;
  /** `<task id>/<random name>.<ext>`: names that users chose never become paths. */
  pictures: string;
  exports: string;
  /** Archives of labels that are to be imported, by the id that their upload got. */
  imports: string;
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
    password: inside('password'),
    connection: inside('connection.json'),
    incoming: inside('incoming'),
    pictures: inside('pictures'),
    exports: inside('exports'),
    imports: inside('imports'),
  };
  try {
    await mkdir(folder.root, { recursive: true, mode: 0o700 });
    for (const part of [folder.incoming, folder.pictures, folder.exports, folder.imports])
      await mkdir(part, { recursive: true });
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

/** The access token: made once, the same ever after. Call it only while holding the folder's lock, so that one process makes it. */
export async function readOrCreateToken(folder: DataFolder): Promise<string> {
  try {
    const token = (await readFile(folder.token, 'utf8')).trim();
    if (token !== '') return token;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('base64url');
  await writeFileAtomic(folder.token, `${token}\n`, ownerOnly);
  return token;
}

/** Removes every file and folder directly inside `folder` that `keep` does not name. */
export async function removeAllBut(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!keep.has(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}
