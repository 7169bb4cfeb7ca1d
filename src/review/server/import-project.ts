import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { syncFile, syncFolder } from '../../common/files.js';
import type { Work } from './background.js';
import { writeFrames } from './create-task.js';
import type { DataFolder } from './data-folder.js';
import { compareNames, isSubsetName, safeFileName } from './file-names.js';
import { formatOf } from './formats/index.js';
import type { ImportedShape } from './formats/types.js';
import { readArchive, toAnnotations, type ImportPlan } from './import.js';
import { measurePicture } from './picture.js';
import { addAnnotations } from './store/annotations.js';
import type { Store } from './store/database.js';
import { framesOfTask, insertPicture, picturesOfTask } from './store/pictures.js';
import { findProject, insertLabels, labelsOfProject } from './store/projects.js';
import { finishRequest } from './store/requests.js';
import { createTask } from './store/tasks.js';
import { uploadLimits } from './upload.js';

/** CVAT's default where nobody asks for another. */
const imageQuality = 70;

/** Unpacked pictures of one dataset, all together: zeros could be packed a thousand times as small. */
const maxPictureBytes = 4 * 2 ** 30;

/** A picture of the archive on disk, where it waits to become a frame. */
interface Unpacked {
  name: string;
  file: string;
  sha256: string;
  size: { width: number; height: number };
}

/**
 * Makes a task of every subset of an uploaded dataset, with its pictures and its boxes, all or nothing. A project without
 * labels takes those of the dataset; in others each of them has to be known, as in CVAT.
 */
export const importProject: Work = async ({ store, folder, events }, request, { signal, onProgress }) => {
  const { file } = JSON.parse(request.payload) as ImportPlan;
  const projectId = request.project_id ?? 0;
  const archive = path.join(folder.imports, file);
  const written: string[] = [];
  let room = maxPictureBytes;
  try {
    const format = formatOf(request.format);
    const subsets = new Map<string, Unpacked[]>();
    const texts = await readArchive(archive, {
      wanted: (name) => format.subsetOf(name) !== undefined && /\.(jpe?g|png|webp)$/i.test(name),
      take: async (name, bytes, content) => {
        signal.throwIfAborted();
        room -= bytes;
        if (bytes > uploadLimits.fileBytes || room < 0) throw new Error(`ValueError: '${name}' is too large`);
        const subset = format.subsetOf(name) ?? '';
        if (!isSubsetName(subset)) throw new Error(`ValueError: '${subset}' cannot be the name of a subset`);
        const file = `${randomBytes(12).toString('hex')}${path.extname(name).toLowerCase()}`;
        written.push(path.join(folder.incoming, file));
        const picture = await unpack(folder, file, safeFileName(name), content);
        subsets.set(subset, [...(subsets.get(subset) ?? []), picture]);
      },
      onProgress,
    });
    if (subsets.size === 0) throw new Error('CvatImportError: The dataset holds no pictures');
    const { names, shapes } = format.read(texts);
    const made = await store.transaction().execute(async (transaction) => {
      if ((await findProject(transaction, projectId)) === undefined) {
        throw new Error('Project.DoesNotExist: Project matching query does not exist.');
      }
      await requireLabels(transaction, projectId, [...names.values()]);
      const ids: number[] = [];
      for (const [subset, pictures] of subsets) {
        const ofSubset = shapes.filter((shape) => shape.subset === subset);
        ids.push(await addTask(transaction, folder, { projectId, subset, pictures, names, shapes: ofSubset }, written));
      }
      await finishRequest(transaction, request.sequence);
      return ids;
    });
    written.length = 0;
    for (const id of made) await events.filled(id, true);
  } finally {
    // What did not become part of a task; after a kill the next start removes it.
    for (const left of written) await rm(left, { recursive: true, force: true });
    if (!signal.aborted) await rm(archive, { force: true });
  }
};

/** Writes a picture of the archive to disk as `file`, a name of our own. */
async function unpack(
  folder: DataFolder,
  file: string,
  name: string,
  content: NodeJS.ReadableStream,
): Promise<Unpacked> {
  const target = path.join(folder.incoming, file);
  const hash = createHash('sha256');
  const hashed = new PassThrough().on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(content, hashed, createWriteStream(target, { flags: 'wx' }));
  await syncFile(target);
  return { name, file, sha256: hash.digest('hex'), size: await measurePicture(target, name) };
}

async function requireLabels(store: Store, projectId: number, names: readonly string[]): Promise<void> {
  const known = new Set((await labelsOfProject(store, projectId)).map(({ name }) => name));
  if (known.size === 0) {
    const labels = names.map((name) => ({ name, type: 'any' }));
    await insertLabels(store, { project_id: projectId, task_id: null }, labels);
    return;
  }
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new Error(`CvatImportError: Target project does not have label with name "${unknown}"`);
  }
}

interface Subset {
  projectId: number;
  subset: string;
  pictures: Unpacked[];
  names: Map<number, string>;
  shapes: ImportedShape[];
}

async function addTask(
  store: Store,
  folder: DataFolder,
  { projectId, subset, pictures, names, shapes }: Subset,
  written: string[],
): Promise<number> {
  const task = await createTask(store, {
    ...{ name: subset, projectId, labels: [], subset, bugTracker: '', segmentSize: 0, assigneeId: null },
  });
  const { id } = task;
  const target = path.join(folder.pictures, String(id));
  written.push(target);
  await mkdir(target, { recursive: true });
  const sizes = new Map<string, Unpacked['size']>();
  for (const { name, file, sha256, size } of pictures) {
    await rename(path.join(folder.incoming, file), path.join(target, file));
    await insertPicture(store, id, { name, file, sha256 });
    sizes.set(name, size);
  }
  await syncFolder(target);
  const measured = (await picturesOfTask(store, id)).map((picture) => ({
    picture,
    size: sizes.get(picture.name) ?? { width: 0, height: 0 },
  }));
  measured.sort((one, other) => compareNames(one.picture.name, other.picture.name));
  await store.updateTable('tasks').set({ has_data: 1 }).where('id', '=', id).execute();
  await writeFrames(store, id, measured, { imageQuality, order: undefined });
  const frames = await framesOfTask(store, id);
  const labels = new Map((await labelsOfProject(store, projectId)).map((label) => [label.name, label.id]));
  const all = { task, frames: { from: 0, to: frames.length - 1 } };
  await addAnnotations(store, all, toAnnotations({ names, shapes }, frames, labels));
  return id;
}
