import type { Candidate } from '../common/types.js';
import { FAR_FROM_EVERYTHING } from './diversify.js';
import { binaryEntropy } from './scores/uncertainty.js';

/** An answer of 0.8 bits or more: confidences from about 0.24 to 0.76. */
const UNSURE_BITS = 0.8;
/** From this Hamming distance on two pictures show something else; imagededup calls hashes within 10 duplicates. */
const UNLIKE_BITS = 11;

/** "2 of 5 boxes near the threshold": what the model says about the frame, for the person who labels it. */
export function describeBoxes(candidate: Candidate): string {
  const boxes = candidate.detections.length;
  if (boxes === 0) return 'the model sees nothing';
  const unsure = candidate.detections.filter((detection) => binaryEntropy(detection.confidence) >= UNSURE_BITS).length;
  const noun = boxes === 1 ? 'box' : 'boxes';
  if (unsure === 0) return `${boxes} ${noun}, all of them clear`;
  return unsure === boxes ? `${boxes} ${noun} near the threshold` : `${unsure} of ${boxes} ${noun} near the threshold`;
}

/** How new the picture is, by its distance (bits) from everything labelled before or picked earlier in this round. */
export function describeNovelty(distance: number): string {
  if (distance === FAR_FROM_EVERYTHING) return 'the first of the round';
  return distance >= UNLIKE_BITS ? 'unlike anything labelled' : 'a variation of what is labelled';
}
