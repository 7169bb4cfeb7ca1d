import Database from 'libsql';
import { messageOf, PipelineError } from '../../common/errors.js';

/** Held by one process at a time. */
export interface FolderLock {
  release(): void;
}

/**
 * Makes sure that one server works in a folder: two would do the same work twice and remove each other's uploads.
 * The lock is that of an SQLite file in which nothing is ever written, because the system itself takes it back when the
 * process dies, however it dies. It is not the lock of the data: that connection is closed only when the garbage
 * collector has found its statements, and would keep the next server of this process out.
 * @throws PipelineError DATA_FOLDER_IN_USE
 */
export function lockFolder(file: string): FolderLock {
  const connection = new Database(file);
  try {
    connection.exec('begin exclusive');
  } catch (error) {
    connection.close();
    throw new PipelineError('DATA_FOLDER_IN_USE', `Another review server is working in the folder of ${file}.`, {
      hint: `Use the server that is running, stop it first, or choose another data folder (${messageOf(error)}).`,
      retryable: true,
      cause: error,
    });
  }
  return {
    release: () => {
      connection.exec('rollback');
      connection.close();
    },
  };
}
