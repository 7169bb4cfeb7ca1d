import { open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';
import type { AnnotationInput } from './annotation-schema.js';
import type { Work } from './background.js';
import { withoutExtension } from './file-names.js';
import { formatOf } from './formats/index.js';
import type { DatasetImport } from './formats/types.js';
import { addAnnotations, replaceAnnotations, type FrameRange } from './store/annotations.js';
import { now } from './store/database.js';
import { framesOfTask, type Frame } from './store/pictures.js';
import { labelsOfTask } from './store/projects.js';
import { finishRequest } from './store/requests.js';
import { findTask } from './store/tasks.js';

export interface ImportPlan {
  /** Name inside the imports folder. */
  file: string;
  /** The frames of a job, or of the whole task; all of them for a project. */
  frames: FrameRange;
  /** Whether what was there stays. */
  append: boolean;
}

/** Unpacked texts of one archive, all together: what is read of them takes many times as much memory. */
const maxTextBytes = 64 * 2 ** 20;
/** Files in one archive, whatever they are. */
const maxEntries = 200_000;

/** Takes the boxes of an uploaded archive in place of the task's annotations, all or nothing. */
export const importTask: Work = async ({ store, folder, versions, events }, request) => {
  const { file, frames, append } = JSON.parse(request.payload) as ImportPlan;
  const archive = path.join(folder.imports, file);
  const task = await findTask(store, request.task_id);
  if (task === undefined) throw new Error('Task.DoesNotExist: Task matching query does not exist.');
  try {
    const data = formatOf(request.format).read(await readArchive(archive));
    const labels = new Map((await labelsOfTask(store, task)).map(({ id, name }) => [name, id]));
    const annotations = toAnnotations(data, await framesOfTask(store, task.id), labels);
    const begun = now();
    versions.advance(task.id);
    await (append ? addAnnotations : replaceAnnotations)(store, { task, frames }, annotations);
    versions.advance(task.id);
    await finishRequest(store, request.sequence);
    await events.changed(task.id, begun);
  } finally {
    await rm(archive, { force: true });
  }
};

/** Files of an archive that are not read as a whole, one after the other. */
interface Contents {
  wanted: (name: string) => boolean;
  take: (name: string, bytes: number, content: NodeJS.ReadableStream) => Promise<void>;
  /** Gets the share of the archive that was read. */
  onProgress: (share: number) => void;
}

/** The texts of an archive by their paths. What else it holds goes to `contents`, where that wants it. */
export async function readArchive(archive: string, contents?: Contents): Promise<Map<string, string>> {
  if (await isJson(archive)) {
    if ((await stat(archive)).size > maxTextBytes) throw tooMuchText();
    return new Map([['annotations.json', await readFile(archive, 'utf8')]]);
  }
  const zip = await yauzl.openPromise(archive, { strictFileNames: true, autoClose: false });
  try {
    if (zip.entryCount > maxEntries) throw new Error(`ValueError: the archive holds more than ${maxEntries} files`);
    const texts = new Map<string, string>();
    let [bytes, entries] = [0, 0];
    for await (const entry of zip.eachEntry()) {
      const { fileName: name, uncompressedSize: size } = entry;
      if (isSymbolicLink(entry)) throw new Error(`ValueError: '${name}' is a symbolic link`);
      contents?.onProgress((entries += 1) / (zip.entryCount + 1));
      if (contents?.wanted(name)) {
        await contents.take(name, size, await zip.openReadStreamPromise(entry));
        continue;
      }
      if (!/\.(json|txt|yaml|yml|names|data)$/i.test(name)) continue;
      bytes += size;
      if (bytes > maxTextBytes) throw tooMuchText();
      texts.set(name, (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8'));
    }
    return texts;
  } finally {
    zip.close();
  }
}

function tooMuchText(): Error {
  return new Error(`ValueError: the archive holds more than ${maxTextBytes / 2 ** 20} MiB of text`);
}

/** What a link in an archive points to was never uploaded. The kind of a file stands in the upper half of its attributes. */
function isSymbolicLink({ externalFileAttributes }: yauzl.Entry): boolean {
  return ((externalFileAttributes >>> 16) & 0o170000) === 0o120000;
}

/** COCO's annotations also come as they are, without an archive around them. */
async function isJson(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer: head, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return head.toString('utf8', 0, bytesRead).trimStart().startsWith('{');
  } finally {
    await handle.close();
  }
}

/** The shapes of a dataset as annotations of these frames, which have the names of its pictures. */
export function toAnnotations(
  { names, shapes }: DatasetImport,
  frames: readonly Frame[],
  labels: ReadonlyMap<string, number>,
): AnnotationInput[] {
  const byName = new Map(frames.map((frame) => [withoutExtension(frame.name), frame]));
  return shapes.map(({ item, classId, type, points, shares, rotation, occluded }): AnnotationInput => {
    const frame = byName.get(item);
    if (frame === undefined) throw new Error(`CvatImportError: Could not match item id: '${item}' with any task frame`);
    const name = names.get(classId);
    if (name === undefined) throw new Error(`InvalidAnnotationError: Undeclared label '${classId}'`);
    const labelId = labels.get(name);
    if (labelId === undefined) throw new Error(`CvatImportError: Label '${name}' is not registered for this task`);
    const size = [frame.width, frame.height];
    return {
      kind: 'shape',
      id: undefined,
      frame: frame.frame,
      labelId,
      body: {
        type,
        ...{ group: null, source: 'file', attributes: [], occluded, outside: false, z_order: 0, rotation },
        points: shares ? points.map((share, index) => share * (size[index % 2] ?? 1)) : points,
        ...{ score: 1, elements: [] },
      },
    };
  });
}
