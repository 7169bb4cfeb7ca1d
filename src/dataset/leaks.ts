import { hammingDistance, isTelling, parseHash, type HashBits } from '../common/perceptual-hash.js';
import { LookAlikes } from './near-duplicates.js';
import type { DatasetRecord } from './types.js';

/** Held-out frames whose nearest training frame is looked for: enough for a picture, and a second in a big dataset. */
const MOST_FRAMES = 1_000;

/** How far the frames that no model is trained on are from those that models are trained on. */
export interface LeakCheck {
  /** Pairs of near duplicates on two sides. There should be none. */
  leaks: { frameId: string; other: string }[];
  /** Of up to 1000 held-out frames, how many have their nearest training frame so many bits away (0..64). */
  nearestBits: number[];
}

/** Looks for pictures of `train` that lie in `val` or `test` too. Pure. */
export function checkLeaks(records: readonly DatasetRecord[]): LeakCheck {
  const training = records.filter(({ split }) => split === 'train');
  const heldOut = records.filter(({ split }) => split !== 'train');
  const looks = new LookAlikes<DatasetRecord>(records);
  const leaks = heldOut.flatMap((record) =>
    looks
      .of(record)
      // Of a pair among the held-out frames one end is enough.
      .filter(({ split, frameId }) => split === 'train' || (split !== record.split && frameId > record.frameId))
      .map(({ frameId }) => ({ frameId: record.frameId, other: frameId })),
  );
  const hash = ({ perceptualHash, frameId }: DatasetRecord) => parseHash(perceptualHash, frameId);
  const trainingHashes = training.map(hash).filter(isTelling);
  const step = Math.max(1, Math.ceil(heldOut.length / MOST_FRAMES));
  const nearestBits = Array<number>(65).fill(0);
  if (trainingHashes.length === 0) return { leaks, nearestBits };
  for (let i = 0; i < heldOut.length; i += step) {
    const here = hash(heldOut[i]!);
    if (isTelling(here)) nearestBits[nearest(here, trainingHashes)]!++;
  }
  return { leaks, nearestBits };
}

function nearest(here: HashBits, others: readonly HashBits[]): number {
  return others.reduce((least, other) => Math.min(least, hammingDistance(here, other)), 64);
}
