import { HashIndex } from '../common/hash-index.js';
import type { HashBits } from '../common/perceptual-hash.js';
import type { Rejections } from './rejections.js';
import type { ScoredFrame } from './score-video.js';

/** Keeps of each group of look-alikes the frame that comes first, and none that looks like a labelled one. */
export function withoutNearDuplicates(
  bestFirst: readonly ScoredFrame[],
  labelled: readonly HashBits[],
  minDistance: number,
  rejections: Rejections,
): ScoredFrame[] {
  const before = new HashIndex<undefined>(minDistance);
  labelled.forEach((hash) => before.add(hash, undefined));
  const inRound = new HashIndex<undefined>(minDistance);
  return bestFirst.filter(({ hash }) => {
    if (before.hasNear(hash)) return rejections.add('near duplicate of a labelled frame');
    if (inRound.hasNear(hash)) return rejections.add('near duplicate in the round');
    inRound.add(hash, undefined);
    return true;
  });
}
