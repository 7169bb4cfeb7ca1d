import type { Detection, Frame, LabelledBox } from '../src/common/types.js';
import type { ClipTruth } from '../src/demo/index.js';
import { intersectionOverUnion } from '../src/common/geometry.js';
import type { Detector } from '../src/detector/index.js';
import { probeVideo, sampleFrames, videoKeyOfFile } from '../src/video/index.js';

/** A frame with what the model says and what is there. */
export interface EvaluatedFrame {
  frame: Frame;
  detections: Detection[];
  truth: LabelledBox[];
}

/** Runs a detector over the frames of a clip, taken as the pipeline takes them. */
export async function detectInClip(
  detector: Detector,
  truth: ClipTruth,
  clip: { file: string; everySeconds: number; outputFolder: string },
): Promise<EvaluatedFrame[]> {
  const probe = await probeVideo(clip.file);
  const videoKey = await videoKeyOfFile(clip.file);
  const { everySeconds, outputFolder } = clip;
  const evaluated: EvaluatedFrame[] = [];
  for await (const frame of sampleFrames(probe, { videoKey, outputFolder, everySeconds })) {
    const { detections } = await detector.detect(frame.file);
    const objects = truth.boxesOf(frame.frameId);
    if (objects === undefined) throw new Error(`The truth of ${frame.frameId} is not known.`);
    evaluated.push({ frame, detections, truth: objects });
  }
  return evaluated;
}

export interface ClassScore {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  /** NaN where there is nothing to divide by. */
  precision: number;
  recall: number;
  f1: number;
}

/**
 * Precision and recall of one class over all frames, at a minimum overlap of 0.5. As in PASCAL VOC, detections are taken
 * best first, each finds the object that it overlaps most, and an object found twice counts as one false alarm.
 */
export function scoreClass(frames: readonly Pick<EvaluatedFrame, 'detections' | 'truth'>[], label: string): ClassScore {
  let truePositives = 0;
  let detected = 0;
  let present = 0;
  for (const frame of frames) {
    const detections = frame.detections.filter((detection) => detection.label === label);
    const objects = frame.truth.filter((object) => object.label === label);
    detected += detections.length;
    present += objects.length;
    const found = new Set<LabelledBox>();
    for (const detection of detections.sort((a, b) => b.confidence - a.confidence)) {
      const best = mostOverlapped(detection, objects);
      if (best === undefined || found.has(best)) continue;
      found.add(best);
      truePositives++;
    }
  }
  return {
    truePositives,
    falsePositives: detected - truePositives,
    falseNegatives: present - truePositives,
    precision: truePositives / detected,
    recall: truePositives / present,
    f1: (2 * truePositives) / (detected + present),
  };
}

function mostOverlapped(detection: Detection, objects: readonly LabelledBox[]): LabelledBox | undefined {
  let best: LabelledBox | undefined;
  let most = 0.5;
  for (const object of objects) {
    const overlap = intersectionOverUnion(detection, object);
    if (overlap < most || (overlap === most && best !== undefined)) continue;
    most = overlap;
    best = object;
  }
  return best;
}
