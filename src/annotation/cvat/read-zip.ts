import { buffer } from 'node:stream/consumers';
import yauzl, { type ZipFile } from 'yauzl';
import { messageOf } from '../../common/errors.js';
import { CvatError } from './errors.js';

export interface ZipLimits {
  /** Entries in the archive. */
  entries: number;
  /** Bytes of one text, unpacked. */
  entryBytes: number;
  /** Bytes of all texts together, unpacked. */
  totalBytes: number;
}

/** A label file of a frame with ten thousand boxes has half a megabyte. */
const LIMITS: ZipLimits = { entries: 200_000, entryBytes: 8 * 1024 * 1024, totalBytes: 512 * 1024 * 1024 };

/**
 * The texts of a zip by their names, read in memory: nothing is unpacked to the disk, so no name can lead out of a folder.
 * Names that would (`..`, absolute, with a drive or a backslash) are refused all the same, and so is what unpacks to more
 * than the limits, whatever size it claims.
 * @param wanted which names to read; of the others only the names are checked
 * Throws CVAT_EXPORT_UNREADABLE.
 */
export async function readZipTexts(
  source: string | Buffer,
  wanted: (name: string) => boolean,
  limits: ZipLimits = LIMITS,
): Promise<Map<string, string>> {
  let zip: ZipFile | undefined;
  try {
    // yauzl refuses bad names, and stops when an entry unpacks to more than it claims.
    const options = { strictFileNames: true, validateEntrySizes: true, autoClose: false };
    zip = await (typeof source === 'string'
      ? yauzl.openPromise(source, options)
      : yauzl.fromBufferPromise(source, options));
    return await readEntries(zip, wanted, limits);
  } catch (error) {
    throw error instanceof CvatError ? error : unreadable(messageOf(error));
  } finally {
    zip?.close();
  }
}

async function readEntries(
  zip: ZipFile,
  wanted: (name: string) => boolean,
  limits: ZipLimits,
): Promise<Map<string, string>> {
  if (zip.entryCount > limits.entries) throw unreadable(`it holds ${zip.entryCount} files`);
  const texts = new Map<string, string>();
  let room = limits.totalBytes;
  for await (const entry of zip.eachEntry()) {
    const { fileName: name, uncompressedSize: size } = entry;
    if (name.endsWith('/') || !wanted(name)) continue;
    if (texts.has(name)) throw unreadable(`it holds ${name} twice`);
    room -= size;
    if (size > limits.entryBytes || room < 0) throw unreadable(`${name} unpacks to ${size} bytes, which is too much`);
    texts.set(name, (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8'));
  }
  return texts;
}

function unreadable(why: string): CvatError {
  return new CvatError('CVAT_EXPORT_UNREADABLE', `The zip that CVAT exported cannot be used: ${why}`, {
    hint: 'Set cvat.download to json, which needs no file.',
  });
}
