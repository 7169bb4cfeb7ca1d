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
import { formatOf } from './formats/index.js';
import type { DatasetExport, ExportedShape } from './formats/types.js';
import { annotationsOf, type FrameRange } from './store/annotations.js';
import type { Store } from './store/database.js';
import { findJob } from './store/jobs.js';
import { framesOfTask } from './store/pictures.js';
import { labelsOfTask, tasksOfProject } from './store/projects.js';
import { findRequest, finishRequest, forgetExpiredRequests, resultFiles } from './store/requests.js';
import type { RequestRow, TaskRow } from './store/schema.js';
import { findTask } from './store/tasks.js';

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
  const { data, pictures } = await store.transaction().execute((snapshot) => readExport(snapshot, request));
  const layout = formatOf(request.format).write(data);
  const { saveImages } = JSON.parse(request.payload) as ExportPlan;

  const zip = new ZipFile();
  // The same annotations give the same bytes.
  const options = { mtime: new Date(1980, 0, 1), mode: 0o100644 };
  for (const [name, text] of layout.texts) zip.addBuffer(Buffer.from(text), name, options);
  if (saveImages) {
    for (const { taskId, subset, name, file } of pictures) {
      // Pictures are compressed already.
      const picture = path.join(folder.pictures, String(taskId), file);
      zip.addFile(picture, layout.imagePath(name, subset), { ...options, compress: false });
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

/** A picture that goes into the archive. */
interface ExportedPicture {
  taskId: number;
  subset: string;
  name: string;
  file: string;
}

/** Reads a task, the part of it that is a job, or all tasks of a project that have frames. */
async function readExport(
  store: Store,
  { target, task_id, job_id, project_id }: RequestRow,
): Promise<{ data: DatasetExport; pictures: ExportedPicture[] }> {
  const data: DatasetExport = { classes: [], subsets: [] };
  const pictures: ExportedPicture[] = [];
  let range: FrameRange | undefined;
  if (target === 'job') {
    const job = (await findJob(store, job_id ?? 0))?.job;
    if (job === undefined) throw new Error('Job.DoesNotExist: Job matching query does not exist.');
    range = { from: job.start_frame, to: job.stop_frame };
  }
  const ids = target === 'project' ? (await tasksOfProject(store, project_id ?? 0)).map(({ id }) => id) : [task_id];
  for (const id of ids) {
    const task = await findTask(store, id);
    if (task === undefined) throw new Error('Task.DoesNotExist: Task matching query does not exist.');
    if (task.size === 0 && target === 'project') continue;
    if (task.size === 0) throw new Error('ValueError: The task has no data to export.');
    await addTask(store, task, range, data, pictures);
  }
  if (data.subsets.length === 0) throw new Error('ValueError: The project has no data to export.');
  requireDistinct(pictures);
  return { data, pictures };
}

async function addTask(
  store: Store,
  task: TaskRow,
  range: FrameRange = { from: 0, to: task.size - 1 },
  data: DatasetExport,
  pictures: ExportedPicture[],
): Promise<void> {
  const labels = await labelsOfTask(store, task);
  const classIndex = new Map(labels.map(({ id }, index) => [id, index]));
  const shapes = new Map<number, ExportedShape[]>();
  for (const { kind, frame, label_id, body } of await annotationsOf(store, task.id, range)) {
    if (kind !== 'shape') continue;
    const { type, points, rotation, occluded } = JSON.parse(body) as StoredShape;
    // Lines and points have no place in any of the formats.
    if (type !== 'rectangle' && type !== 'polygon') continue;
    const ofFrame = shapes.get(frame) ?? [];
    shapes.set(frame, ofFrame);
    ofFrame.push({ type, classIndex: classIndex.get(label_id) ?? 0, points, rotation, occluded });
  }
  data.classes = labels.map(({ name }) => name);
  let subset = data.subsets.find(({ name }) => name === task.subset);
  if (subset === undefined) data.subsets.push((subset = { name: task.subset, frames: [] }));
  for (const { frame, name, file, width, height, deleted } of await framesOfTask(store, task.id, range)) {
    if (deleted === 1) continue;
    subset.frames.push({ name, width, height, shapes: shapes.get(frame) ?? [] });
    pictures.push({ taskId: task.id, subset: task.subset, name, file });
  }
}

function requireDistinct(pictures: readonly ExportedPicture[]): void {
  const stems = new Set<string>();
  for (const { subset, name } of pictures) {
    if (stems.size === stems.add(`${subset}/${withoutExtension(name)}`).size) {
      throw new Error(`ValueError: '${name}' and another picture would share one label file`);
    }
  }
}
