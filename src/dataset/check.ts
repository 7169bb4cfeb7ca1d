import { PipelineError } from '../common/errors.js';
import { printYoloLine } from './formats/yolo.js';
import type { AnnotatedFrame } from './types.js';

/**
 * Refuses what would damage a dataset: `DATASET_UNCLEAN` for frames that did not pass `cleanFrames`,
 * `DATASET_UNKNOWN_CLASS` for labels without a class id.
 */
export function checkRequest({ names, frames }: { names: readonly string[]; frames: readonly AnnotatedFrame[] }): void {
  if (new Set(names).size !== names.length || names.some((name) => name.trim() === '')) {
    throw new PipelineError('DATASET_UNCLEAN', `The class names are not unique or not all given: ${names.join(', ')}.`);
  }
  const seen = new Set<string>();
  for (const frame of frames) {
    if (seen.has(frame.frameId)) throw unclean(frame, 'it comes twice');
    seen.add(frame.frameId);
    checkFrame(frame, names);
  }
}

function checkFrame(frame: AnnotatedFrame, names: readonly string[]): void {
  const { frameId, videoKey, width, height, boxes } = frame;
  // The frameId becomes a file name.
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(frameId)) throw unclean(frame, 'its frameId is no plain file name');
  if (!frameId.startsWith(`${videoKey}_`)) throw unclean(frame, `it is not of the video ${videoKey}`);
  if (frame.state === 'not_reviewed') throw unclean(frame, 'nobody has reviewed it');
  if (!(width > 0 && height > 0)) throw unclean(frame, 'its size is unknown');
  const lines = new Set<string>();
  for (const box of boxes) {
    const inside = box.x1 >= 0 && box.y1 >= 0 && box.x2 <= width && box.y2 <= height;
    if (!(inside && box.x1 < box.x2 && box.y1 < box.y2)) throw unclean(frame, 'a box does not lie inside the picture');
    lines.add(printYoloLine(box, frame, names));
  }
  if (lines.size !== boxes.length) throw unclean(frame, 'a box comes twice');
}

function unclean(frame: AnnotatedFrame, why: string): PipelineError {
  return new PipelineError('DATASET_UNCLEAN', `The frame ${frame.frameId} cannot enter the dataset: ${why}.`, {
    hint: 'Only frames that cleaning kept are merged.',
  });
}
