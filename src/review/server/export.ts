import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { commitFile } from '../../common/files.js';
import type { StoredShape } from './annotation-schema.js';
import type { Work } from './background.js';
import { syncFolder } from '../../common/files.js';
import { removeAllBut } from './data-folder.js';
import { withoutExtension } from './file-names.js';
import { annotationsOf } from './store/annotations.js';
import type { Store } from './store/database.js';
import { framesOfTask, type Frame } from './store/pictures.js';
import { labelsOfTask } from './store/projects.js';
import { findRequest, finishRequest, forgetExpiredRequests, resultFiles } from './store/requests.js';
import { findTask } from './store/tasks.js';
import { exportFormats, type YoloExport } from './yolo.js';

export interface ExportPlan {
  saveImages: boolean;
}

/** How long a finished export can be fetched; CVAT's time. */
const lifetimeMs = 24 * 3600 * 1000;

/** Writes the archive of a task's boxes (and pictures) and hands it over as the result of the request. */
export const exportTask: Work = async ({ store, folder }, request, { signal }) => {
  // Work runs one after the other, so nobody else is writing an archive now: what no request names is left over.
  await forgetExpiredRequests(store);
  await removeAllBut(folder.exports, await resultFiles(store));
  const layoutOf = exportFormats[request.format ?? ''];
  if (layoutOf === undefined) throw new Error(`ValueError: Unknown format '${request.format}'`);
  const { data, frames } = await store.transaction().execute((snapshot) => readExport(snapshot, request.task_id));
  const layout = layoutOf(data);
  const { saveImages } = JSON.parse(request.payload) as ExportPlan;

  const zip = new ZipFile();
  // The same annotations give the same bytes.
  const options = { mtime: new Date(1980, 0, 1), mode: 0o100644 };
  for (const [name, text] of layout.texts) zip.addBuffer(Buffer.from(text), name, options);
  if (saveImages) {
    const pictures = path.join(folder.pictures, String(request.task_id));
    for (const { name, file } of frames) {
      // Pictures are compressed already.
      zip.addFile(path.join(pictures, file), layout.imagePath(name), { ...options, compress: false });
    }
  }
  const file = `${randomBytes(12).toString('hex')}.zip`;
  const target = path.join(folder.exports, file);
  const temporary = path.join(folder.incoming, file);
  try {
    await writeZip(zip, createWriteStream(temporary, { flags: 'wx' }), signal);
    await commitFile(temporary, target);
    await syncFolder(folder.exports);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await finishRequest(store, request.sequence, { file, expires: new Date(Date.now() + lifetimeMs).toISOString() });
  // The task, and with it the request, may have gone in the meantime.
  if ((await findRequest(store, request.id))?.result_file !== file) await rm(target, { force: true });
};

async function writeZip(zip: ZipFile, target: Writable, signal: AbortSignal): Promise<void> {
  const broken = new AbortController();
  // A file that cannot be read is reported here and not by the stream.
  zip.on('error', (error) => broken.abort(error));
  zip.end();
  await pipeline(zip.outputStream, target, { signal: AbortSignal.any([signal, broken.signal]) });
}

async function readExport(store: Store, taskId: number): Promise<{ data: YoloExport; frames: Frame[] }> {
  const task = await findTask(store, taskId);
  if (task === undefined) throw new Error('Task.DoesNotExist: Task matching query does not exist.');
  if (task.size === 0) throw new Error('ValueError: The task has no data to export.');
  const frames = await framesOfTask(store, taskId);
  const labels = await labelsOfTask(store, task);
  const classIndex = new Map(labels.map(({ id }, index) => [id, index]));
  const boxes = new Map<number, YoloExport['frames'][number]['boxes']>();
  for (const { kind, frame, label_id, body } of await annotationsOf(store, taskId)) {
    if (kind !== 'shape') continue;
    const { type, points, rotation } = JSON.parse(body) as StoredShape;
    // YOLO's boxes are upright rectangles; CVAT leaves everything else out, too.
    if (type !== 'rectangle' || rotation !== 0) continue;
    const ofFrame = boxes.get(frame) ?? [];
    boxes.set(frame, ofFrame);
    ofFrame.push({ classIndex: classIndex.get(label_id) ?? 0, points });
  }
  const stems = new Set<string>();
  for (const { name } of frames) {
    if (stems.size === stems.add(withoutExtension(name)).size) {
      throw new Error(`ValueError: '${name}' and another picture would share one label file`);
    }
  }
  return {
    data: {
      classes: labels.map(({ name }) => name),
      subset: task.subset,
      frames: frames.map(({ name, width, height, frame }) => ({ name, width, height, boxes: boxes.get(frame) ?? [] })),
    },
    frames,
  };
}
