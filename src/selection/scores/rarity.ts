import type { FrameScore } from './score.js';

/**
 * How many objects of rare classes a frame can be expected to show: the confidence of each box times the rarity of its
 * class among what is labelled. Weighting by class against imbalance follows Brust et al. (VISAPP 2019, arXiv 1809.09875).
 */
export const rarity: FrameScore = {
  values: ({ detections }, { classes }) =>
    detections.map(({ label, confidence }) => classes.rarity(label) * confidence),
};
