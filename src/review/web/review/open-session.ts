import { readAnnotationsAround, readJob, readLabels, readMeta } from '../api/cvat.js';
import { FrameBoxes } from '../model/frame-boxes.js';
import { Drafts } from './drafts.js';
import { JobBoxes } from './job-boxes.js';
import { JobMemory } from './job-memory.js';
import { Pictures } from './pictures.js';
import { ReviewSession } from './session.js';

/** So that the first frame is drawn, and the small pictures are there, before the boxes of a thousand others come. */
const restDelayMs = 200;

/**
 * Opens a job at a frame, by its index in the job, or where this browser has left it. The boxes of this frame and of those
 * beside it are there then; the others come when its picture is there, so that a long job is seen as soon as a short one.
 * @throws HttpError
 */
export async function openSession(jobId: number, folderId: string, asked: number | undefined): Promise<ReviewSession> {
  const place = `${folderId} ${jobId}`;
  const memory = new JobMemory(place);
  const index = asked ?? memory.index;
  const [job, labels, meta, near, drafts] = await Promise.all([
    readJob(jobId),
    readLabels(jobId),
    readMeta(jobId),
    readAnnotationsAround(jobId, index),
    Drafts.open(place),
  ]);
  const frames = meta.frames.map(({ name, width, height }, offset) => ({
    ...{ number: job.start_frame + offset, name, width, height },
  }));
  const byNumber = new Map(frames.map((frame) => [frame.number, frame]));
  const pictures = new Pictures(job.task_id, folderId, (number) => byNumber.get(number));
  const boxes = new JobBoxes();
  for (const [frame, draft] of drafts.read()) boxes.restore(frame, FrameBoxes.ofDraft(draft));
  const loaded = boxes.takeInFrames(near, near.annotations.shapes);
  const leftOut = meta.deleted_frames;
  const session = new ReviewSession({ job, place, frames, labels, pictures, boxes, drafts, memory, leftOut });
  session.keeper.keep(loaded);
  session.show(index);
  // That the picture cannot be shown is told where it is to be shown.
  const shown = pictures.load(session.frame.number);
  // Saving begins with what the server has.
  const loadRest = () => window.setTimeout(() => void session.keeper.save(), restDelayMs);
  void shown.then(loadRest, loadRest);
  session.keeper.saveSoon();
  return session;
}
