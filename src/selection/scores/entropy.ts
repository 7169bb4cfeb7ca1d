import type { FrameScore } from './score.js';

/**
 * How unsure a yes/no answer with probability `p` is: -p log2 p - (1-p) log2 (1-p), in bits, 0..1, greatest at 0.5.
 * Source: Shannon, A Mathematical Theory of Communication (1948), section 6.
 */
export function binaryEntropy(p: number): number {
  if (!(p > 0 && p < 1)) return 0;
  return -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
}

/**
 * Uncertainty: the binary entropy of each box's confidence. Summed, the aggregation of PPAL (Yang et al., CVPR 2024,
 * arXiv 2211.11612).
 */
export const entropy: FrameScore = {
  values: ({ detections }) => detections.map(({ confidence }) => binaryEntropy(confidence)),
};
