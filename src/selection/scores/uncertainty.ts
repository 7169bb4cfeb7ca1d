import type { Candidate } from '../../common/types.js';

/** More boxes than this add nothing: otherwise a crowd of easy objects outweighs one hard picture. */
const MOST_BOXES = 20;

/**
 * How unsure a yes/no answer with probability `p` is: -p log2 p - (1-p) log2 (1-p), in bits, 0..1, greatest at 0.5.
 * Source: Shannon, A Mathematical Theory of Communication (1948), section 6.
 */
export function binaryEntropy(p: number): number {
  if (!(p > 0 && p < 1)) return 0;
  return -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
}

/**
 * Uncertainty of a frame: the sum of the binary entropies (bits) of its confidences over the 20 best boxes; 0..20, and
 * 0 for a frame without boxes. Summing over the boxes is the aggregation of PPAL (Yang et al., CVPR 2024,
 * arXiv 2211.11612), which weights each box by its class as well; the weights come with the labels of earlier rounds.
 */
export function uncertainty(candidate: Candidate): number {
  return candidate.detections
    .map((detection) => detection.confidence)
    .sort((a, b) => b - a) // also makes the sum the same in whatever order the boxes came
    .slice(0, MOST_BOXES)
    .reduce((sum, confidence) => sum + binaryEntropy(confidence), 0);
}
