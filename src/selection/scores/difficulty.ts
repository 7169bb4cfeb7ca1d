import { binaryEntropy } from './entropy.js';
import type { FrameScore } from './score.js';

/**
 * Uncertainty about classes that the model is bad at: the binary entropy of each box times the difficulty of its class,
 * which people's corrections of earlier rounds told. With a weight of 0.2 beside `entropy`, their sum is the
 * difficulty-calibrated uncertainty of PPAL (Yang et al., CVPR 2024, arXiv 2211.11612).
 */
export const difficulty: FrameScore = {
  values: ({ detections }, { classes }) =>
    detections.map(({ label, confidence }) => classes.difficulty(label) * binaryEntropy(confidence)),
};
