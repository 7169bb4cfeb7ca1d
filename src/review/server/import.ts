import { rm } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';
import type { AnnotationInput } from './annotation-schema.js';
import type { Work } from './background.js';
import { withoutExtension } from './file-names.js';
import { replaceAnnotations } from './store/annotations.js';
import { framesOfTask, type Frame } from './store/pictures.js';
import { labelsOfTask } from './store/projects.js';
import { finishRequest } from './store/requests.js';
import { findTask } from './store/tasks.js';
import { readYoloArchive, type YoloArchive } from './yolo-archive.js';

export interface ImportPlan {
  /** Name inside the imports folder. */
  file: string;
}

/** Unpacked texts of one archive, all together. */
const maxTextBytes = 256 * 2 ** 20;

/** Takes the boxes of an uploaded archive in place of the task's annotations, all or nothing. */
export const importTask: Work = async ({ store, folder }, request) => {
  const { file } = JSON.parse(request.payload) as ImportPlan;
  const archive = path.join(folder.imports, file);
  const task = await findTask(store, request.task_id);
  if (task === undefined) throw new Error('Task.DoesNotExist: Task matching query does not exist.');
  try {
    const yolo = readYoloArchive(await readTexts(archive), request.format ?? '');
    const labels = new Map((await labelsOfTask(store, task)).map(({ id, name }) => [name, id]));
    await replaceAnnotations(store, task, toAnnotations(yolo, await framesOfTask(store, task.id), labels));
    await finishRequest(store, request.sequence);
  } finally {
    await rm(archive, { force: true });
  }
};

async function readTexts(archive: string): Promise<Map<string, string>> {
  const zip = await yauzl.openPromise(archive, { strictFileNames: true, autoClose: false });
  try {
    const texts = new Map<string, string>();
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      if (!/\.(txt|yaml|yml|names|data)$/i.test(entry.fileName)) continue;
      bytes += entry.uncompressedSize;
      if (bytes > maxTextBytes) throw new Error('ValueError: the archive holds too much text');
      texts.set(entry.fileName, (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8'));
    }
    return texts;
  } finally {
    zip.close();
  }
}

function toAnnotations(
  { names, boxes }: YoloArchive,
  frames: readonly Frame[],
  labels: ReadonlyMap<string, number>,
): AnnotationInput[] {
  const byName = new Map(frames.map((frame) => [withoutExtension(frame.name), frame]));
  return boxes.map(({ item, classId, centre, size }): AnnotationInput => {
    const frame = byName.get(item);
    if (frame === undefined) throw new Error(`CvatImportError: Could not match item id: '${item}' with any task frame`);
    const name = names.get(classId);
    if (name === undefined) throw new Error(`InvalidAnnotationError: Undeclared label '${classId}'`);
    const labelId = labels.get(name);
    if (labelId === undefined) throw new Error(`CvatImportError: Label '${name}' is not registered for this task`);
    const { width, height } = frame;
    const [x, y] = [centre[0] * width, centre[1] * height];
    const [halfWidth, halfHeight] = [(size[0] * width) / 2, (size[1] * height) / 2];
    return {
      kind: 'shape',
      id: undefined,
      frame: frame.frame,
      labelId,
      body: {
        type: 'rectangle',
        ...{ group: null, source: 'file', attributes: [], occluded: false, outside: false, z_order: 0, rotation: 0 },
        points: [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight],
        ...{ score: 1, elements: [] },
      },
    };
  });
}
