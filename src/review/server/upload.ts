import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { syncFile } from '../../common/files.js';
import { ApiError, refused } from './api-error.js';
import { syncFolder } from '../../common/files.js';
import type { DataFolder } from './data-folder.js';
import { safeFileName } from './file-names.js';
import { findPicture, insertPicture, type ReceivedPicture } from './store/pictures.js';
import type { Store } from './store/database.js';

/** Bounds of one upload request. The official client sends at most 100 MiB of files at a time. */
export const uploadLimits = {
  fileBytes: 64 * 2 ** 20,
  requestBytes: 512 * 2 ** 20,
  files: 5000,
  fields: 100,
  fieldBytes: 64 * 2 ** 10,
};

export interface Upload {
  pictures: ReceivedPicture[];
  /** The plain fields of the form. */
  fields: Record<string, string>;
}

/**
 * Reads a multipart form to its end and puts its files safely on disk. Nothing refers to them yet: either
 * {@link keepPictures} takes them into the task, or {@link discardPictures} removes them.
 * @throws ApiError 400 for unusable names or parts, 413 for too much; then no file is left
 */
export async function receiveUpload(request: FastifyRequest, folder: DataFolder, taskId: number): Promise<Upload> {
  const upload: Upload = { pictures: [], fields: {} };
  const target = path.join(folder.pictures, String(taskId));
  let problem: ApiError | undefined;
  let room = uploadLimits.requestBytes;
  if (Number(request.headers['content-length'] ?? 0) > room) throw tooLarge(`A request may hold ${room} bytes.`);
  try {
    await mkdir(target, { recursive: true });
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        if (part.valueTruncated) problem ??= tooLarge('A form field is too long.');
        upload.fields[part.fieldname] = String(part.value);
        continue;
      }
      // After a problem the rest is read and thrown away, so that the client gets to see the answer.
      const name = problem === undefined ? nameOf(part.fieldname, part.filename) : undefined;
      if (name === undefined || name instanceof ApiError) {
        problem ??= name;
        part.file.resume();
        continue;
      }
      const received = await receiveFile(part.file, room, folder.incoming, target, name);
      room -= received.bytes;
      upload.pictures.push(received.picture);
      if (part.file.truncated) problem ??= tooLarge(`'${name}' is larger than ${uploadLimits.fileBytes} bytes.`);
    }
    problem ??= repeatedName(upload.pictures);
    if (problem !== undefined) throw problem;
    await syncFolder(target);
    return upload;
  } catch (error) {
    await discardPictures(folder, taskId, upload.pictures);
    throw error;
  }
}

function nameOf(field: string, sent: string): string | ApiError {
  // CVAT drops files in fields of another name without a word.
  if (!/^client_files\[\d{1,6}\]$/.test(field)) return refused('Files are sent in parts named client_files[0], …');
  try {
    return safeFileName(sent);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

async function receiveFile(source: Readable, room: number, incoming: string, target: string, name: string) {
  const file = `${randomBytes(12).toString('hex')}.${name.split('.').at(-1)?.toLowerCase()}`;
  const temporary = path.join(incoming, file);
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      if (bytes > room) done(tooLarge(`A request may hold ${uploadLimits.requestBytes} bytes.`));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(source, measure, createWriteStream(temporary, { flags: 'wx' }));
    await syncFile(temporary);
    await rename(temporary, path.join(target, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { picture: { name, file, sha256: hash.digest('hex') }, bytes };
}

/** Takes a file that has arrived by itself. @throws ApiError 400 for an unusable name */
export async function takePicture(
  folder: DataFolder,
  taskId: number,
  arrived: { path: string; name: string },
): Promise<ReceivedPicture> {
  const name = safeFileName(arrived.name);
  const target = path.join(folder.pictures, String(taskId));
  await mkdir(target, { recursive: true });
  const { picture } = await receiveFile(
    createReadStream(arrived.path),
    uploadLimits.fileBytes,
    folder.incoming,
    target,
    name,
  );
  await syncFolder(target);
  return picture;
}

function repeatedName(pictures: ReceivedPicture[]): ApiError | undefined {
  const seen = new Set<string>();
  const repeated = pictures.find(({ name }) => seen.size === seen.add(name).size);
  return repeated && refused(`File with same name already exists: '${repeated.name}'`);
}

function tooLarge(detail: string): ApiError {
  return new ApiError(413, { detail });
}

/**
 * Takes received pictures into the task, all or none. A picture that is already there with the same content was sent
 * again after a lost answer: that is no error, and its new copy is reported back as superfluous.
 * @throws ApiError 400 when a name is there with other content
 */
export async function keepPictures(
  transaction: Store,
  taskId: number,
  pictures: ReceivedPicture[],
): Promise<ReceivedPicture[]> {
  const superfluous: ReceivedPicture[] = [];
  for (const picture of pictures) {
    const known = await findPicture(transaction, taskId, picture.name);
    if (known === undefined) await insertPicture(transaction, taskId, picture);
    else if (known.sha256 === picture.sha256) superfluous.push(picture);
    else throw refused(`File with same name already exists: '${picture.name}'`);
  }
  return superfluous;
}

export async function discardPictures(folder: DataFolder, taskId: number, pictures: ReceivedPicture[]): Promise<void> {
  for (const { file } of pictures) await rm(path.join(folder.pictures, String(taskId), file), { force: true });
}
