/** What runs inside a worker thread: one thread, one session. Nothing here is called from the main thread. */
import { workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { differenceHash } from '../common/difference-hash.js';
import { messageOf, PipelineError } from '../common/errors.js';
import type { Thresholds } from './decode.js';
import { embedPicture } from './embedding.js';
import { Inference } from './infer.js';
import type { Network, NetworkTrial } from './network.js';
import type { Candidate } from './nms.js';
import { readPicture, type DecodedPicture } from './picture.js';
import { loadModel, tryModel, type LoadedModel } from './session.js';
import type { DetectorOptions, Device, RgbImage } from './types.js';
import { countWork, type WorkState } from './work-state.js';

/** The same for all tasks of a thread. */
export interface ThreadData {
  modelFile: string;
  device: Device;
  state: WorkState;
}

export interface InspectTask {
  imageSize?: number;
}

export interface DetectTask {
  /** A file, or its pixels. */
  picture: string | RgbImage;
  /** The same in all tasks of a pool. */
  network: Network;
  resize: NonNullable<DetectorOptions['resize']>;
  thresholds: Thresholds;
  /** Becomes 1 when nobody waits for the result any more. Shared with the main thread. */
  cancelled: Int32Array;
}

export interface ThreadPrediction {
  width: number;
  height: number;
  boxes: Candidate[];
  perceptualHash: string;
  embedding: number[];
}

/** Errors as plain data: what crosses the border between threads loses its class. */
export type ThreadResult<T> =
  { value: T } | { error: { code: string; message: string; hint?: string; retryable: boolean } };

// Pictures are worked on by as many threads as there are cores already.
sharp.concurrency(1);
sharp.cache(false);

const { modelFile, device, state } = workerData as ThreadData;

let loaded: Promise<LoadedModel> | undefined;
let inference: Inference | undefined;

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
    inference ??= new Inference((await model()).session, task.network);
    const decoded = await decodedPicture(task);
    if (isCancelled(task)) return undefined;
    const boxes = await inference.detect(decoded, task.thresholds);
    const { picture, original } = decoded;
    const { width, height } = original;
    return { width, height, boxes, perceptualHash: differenceHash(picture), embedding: embedPicture(picture) };
  });
}

async function decodedPicture({ picture, network, resize }: DetectTask): Promise<DecodedPicture> {
  if (typeof picture !== 'string') return { picture, original: picture };
  return readPicture(picture, resize === 'fast' ? network.input : undefined);
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
