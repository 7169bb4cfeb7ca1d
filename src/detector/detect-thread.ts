/** What runs inside a worker thread: one thread, one session. Nothing here is called from the main thread. */
import { workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { differenceHash } from '../common/difference-hash.js';
import { messageOf, PipelineError } from '../common/errors.js';
import type { Thresholds } from './decode.js';
import { infer } from './infer.js';
import type { Network, NetworkTrial } from './network.js';
import type { Candidate } from './nms.js';
import { readPicture } from './picture.js';
import { loadModel, tryModel, type LoadedModel } from './session.js';
import type { DetectorOptions, RgbImage } from './types.js';
import { countWork, type WorkState } from './work-state.js';

/** The same for all tasks of a thread. */
export interface ThreadData {
  modelFile: string;
  device: NonNullable<DetectorOptions['device']>;
  state: WorkState;
}

export interface InspectTask {
  imageSize?: number;
}

export interface DetectTask {
  /** A file, or its pixels. */
  picture: string | RgbImage;
  network: Network;
  thresholds: Thresholds;
  /** Becomes 1 when nobody waits for the result any more. Shared with the main thread. */
  cancelled: Int32Array;
}

export interface ThreadPrediction {
  width: number;
  height: number;
  boxes: Candidate[];
  perceptualHash: string;
}

/** Errors as plain data: what crosses the border between threads loses its class. */
export type ThreadResult<T> =
  { value: T } | { error: { code: string; message: string; hint?: string; retryable: boolean } };

// Pictures are worked on by as many threads as there are cores already.
sharp.concurrency(1);
sharp.cache(false);

const { modelFile, device, state } = workerData as ThreadData;

let loaded: Promise<LoadedModel> | undefined;

function model(): Promise<LoadedModel> {
  loaded ??= loadModel(modelFile, device);
  return loaded;
}

/** Loads the model and runs it once. */
export function inspect({ imageSize }: InspectTask): Promise<ThreadResult<NetworkTrial>> {
  return settle(async () => tryModel(await model(), imageSize));
}

/** Undefined when the task was cancelled. */
export function detect(task: DetectTask): Promise<ThreadResult<ThreadPrediction | undefined>> {
  return settle(async () => {
    if (isCancelled(task)) return undefined;
    const { session } = await model();
    const picture = typeof task.picture === 'string' ? await readPicture(task.picture) : task.picture;
    if (isCancelled(task)) return undefined;
    const boxes = await infer(session, task.network, picture, task.thresholds);
    return { width: picture.width, height: picture.height, boxes, perceptualHash: differenceHash(picture) };
  });
}

function isCancelled({ cancelled }: DetectTask): boolean {
  return Atomics.load(cancelled, 0) === 1;
}

async function settle<T>(work: () => Promise<T>): Promise<ThreadResult<T>> {
  try {
    // Undefined when the process is exiting: nobody will read it.
    return { value: (await countWork(state, work)) as T };
  } catch (error) {
    if (error instanceof PipelineError) {
      const { code, message, hint, retryable } = error;
      return { error: { code, message, hint, retryable } };
    }
    return {
      error: { code: 'DETECTOR_FAILED', message: `The detector failed: ${messageOf(error)}`, retryable: false },
    };
  }
}
