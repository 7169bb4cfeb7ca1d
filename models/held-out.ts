import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFootage } from '../demo/write-footage.js';
import { mapAhead } from '../src/common/map-ahead.js';
import type { Detection, Frame, LabelledBox } from '../src/common/types.js';
import { loadClipTruth } from '../src/demo/index.js';
import type { Detector } from '../src/detector/index.js';
import { probeVideo, sampleFrames, videoKeyOfFile } from '../src/video/index.js';
import type { RejectedFrame, SampledFrame } from '../src/video/types.js';

/**
 * The matches that the demo model is measured on: two of each league, whose seeds no training set uses. One picture a
 * second is filmed, so that six minutes take some seconds to draw; they are encoded like any other footage.
 */
const SEEDS = { daylight: [3_000_000_001, 3_000_000_002], floodlit: [3_000_000_003, 3_000_000_004] } as const;
const FOOTAGE = { seconds: 180, width: 640, height: 360, fps: 1 };
const ENCODING = { crf: 30, preset: 'veryfast' } as const;

/**
 * Boxes from this confidence on are measured. Lower ones change the second digit of no figure, and there are thousands of
 * them in each picture.
 */
export const MEASURED_FROM = 0.01;

/** Pictures in work at a time: enough for the detector's threads. */
const AHEAD = 8;

export const LEAGUES = ['daylight', 'floodlit'] as const;
export type HeldOutLeague = (typeof LEAGUES)[number];

export interface HeldOutFrame {
  frame: Frame;
  detections: Detection[];
  truth: LabelledBox[];
}

/**
 * Films the held-out matches of a league and runs the detector over each picture, taken as the pipeline takes them.
 * `look` sees the frames while their files exist.
 */
export async function detectInHeldOut<T>(
  detector: Detector,
  league: HeldOutLeague,
  look: (frames: HeldOutFrame[]) => Promise<T> | T,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-held-out-'));
  try {
    const frames: HeldOutFrame[] = [];
    for (const seed of SEEDS[league]) {
      const file = path.join(folder, `${league}-${seed}.mp4`);
      await writeFootage(file, { ...FOOTAGE, seed, league }, ENCODING);
      const truth = await loadClipTruth(folder);
      const videoKey = await videoKeyOfFile(file);
      const sampled = sampleFrames(await probeVideo(file), { videoKey, outputFolder: folder, everySeconds: 1 });
      const predicted = mapAhead(sampled, AHEAD, predict, () => undefined);
      for await (const frame of predicted) if (frame) frames.push(frame);

      async function predict(step: SampledFrame | RejectedFrame): Promise<HeldOutFrame | undefined> {
        if ('rejected' in step) return undefined;
        const { frame } = step;
        const { detections } = await detector.detect(frame.file);
        const objects = truth.boxesOf(frame.frameId);
        if (objects === undefined) throw new Error(`The truth of ${frame.frameId} is not known.`);
        return { frame, detections, truth: objects };
      }
    }
    return await look(frames);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
