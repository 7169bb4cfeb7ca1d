import { sha256 } from '../common/files.js';
import { PipelineError } from '../common/errors.js';
import { SPLITS, type Split } from './types.js';

/** Shares of the frames that are to lie in `val` and `test`; the rest is `train`. */
export interface SplitShares {
  val: number;
  test: number;
}

/**
 * Gives every video its side. Neighbouring frames of a video are nearly the same picture, so a split by frames would
 * test the model on what it was trained on; whole videos do not leak. A video that has a side keeps it for ever: the
 * scores of two versions of the dataset can be compared.
 *
 * New videos come in the order of the hash of their videoKey and go to the side that lacks most frames to its share,
 * the first video of a dataset to `train`. When there are two videos or more, `val` is wanted and would stay empty, the
 * new video whose size is nearest to the share of `val` goes there. Pure and deterministic.
 *
 * @param known sides given before.
 * @param frameCounts frames of each video, of the known and the new ones.
 */
export function assignSplits(
  known: ReadonlyMap<string, Split>,
  frameCounts: ReadonlyMap<string, number>,
  shares: SplitShares,
): Map<string, Split> {
  if (!(shares.val >= 0 && shares.test >= 0 && shares.val + shares.test < 1)) {
    throw new PipelineError(
      'DATASET_BAD_SPLIT',
      `The split val ${shares.val}, test ${shares.test} leaves no training frames.`,
      {
        hint: 'Give shares from 0 to 1 that add up to less than 1, for example val 0.2 and test 0.',
      },
    );
  }
  const order = new Map([...frameCounts.keys()].map((videoKey) => [videoKey, sha256(videoKey)]));
  const newVideos = [...frameCounts.keys()]
    .filter((videoKey) => !known.has(videoKey))
    .sort((a, b) => (order.get(a)! < order.get(b)! ? -1 : 1));
  const total = [...frameCounts.values()].reduce((sum, count) => sum + count, 0);
  const wanted: Record<Split, number> = {
    train: (1 - shares.val - shares.test) * total,
    val: shares.val * total,
    test: shares.test * total,
  };
  const sides = new Map(known);
  const held: Record<Split, number> = { train: 0, val: 0, test: 0 };
  for (const [videoKey, side] of known) held[side] += frameCounts.get(videoKey) ?? 0;
  for (const videoKey of newVideos) {
    const lack = (side: Split) => wanted[side] - held[side];
    const side = sides.size === 0 ? 'train' : SPLITS.reduce((most, other) => (lack(other) > lack(most) ? other : most));
    sides.set(videoKey, side);
    held[side] += frameCounts.get(videoKey) ?? 0;
  }

  if (shares.val > 0 && sides.size >= 2 && ![...sides.values()].includes('val')) {
    const distance = (videoKey: string) => Math.abs((frameCounts.get(videoKey) ?? 0) - wanted.val);
    const movable = known.size === 0 ? newVideos.slice(1) : newVideos;
    const [first, ...others] = movable;
    if (first !== undefined) {
      sides.set(
        others.reduce((best, other) => (distance(other) < distance(best) ? other : best), first),
        'val',
      );
    }
  }
  return sides;
}
