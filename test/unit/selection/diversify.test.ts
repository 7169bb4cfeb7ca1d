import { describe, expect, it } from 'vitest';
import { FAR_FROM_EVERYTHING, farthestFirst } from '../../../src/selection/diversify.js';
import { parseHash } from '../../../src/selection/perceptual-hash.js';

const item = (frameId: string, hash: string, score = 0) => ({
  frameId,
  videoKey: 'v',
  hash: parseHash(hash, frameId),
  score,
});
const all = () => true;

describe('choosing for diversity', () => {
  // Distances by hand: a-b 4 bits, a-c 16 bits, a-d 64 bits, b-c 12 bits.
  const a = item('a', '0000000000000000', 3);
  const b = item('b', '000000000000000f', 2);
  const c = item('c', '000000000000ffff', 1);
  const d = item('d', 'ffffffffffffffff', 0);

  it('starts with the best score and then goes to the farthest', () => {
    const picks = farthestFirst([d, c, b, a], [], 4, all);
    expect(picks.map((pick) => pick.item.frameId)).toEqual(['a', 'd', 'c', 'b']);
    expect(picks.map((pick) => pick.distance)).toEqual([FAR_FROM_EVERYTHING, 64, 16, 4]);
  });

  it('stays away from what is known already', () => {
    expect(farthestFirst([a, b, c, d], [a.hash], 1, all).map((pick) => pick.item.frameId)).toEqual(['d']);
    expect(farthestFirst([a, b, c, d], [d.hash], 1, all).map((pick) => pick.item.frameId)).toEqual(['a']);
  });

  it('takes the higher score, then the lower frameId, among equally far ones', () => {
    const far = [item('z', 'ff00000000000000', 1), item('y', '00ff000000000000', 1), item('x', '0000ff0000000000', 5)];
    expect(farthestFirst(far, [a.hash], 3, all).map((pick) => pick.item.frameId)).toEqual(['x', 'y', 'z']);
  });

  it('goes on with the next when one is not allowed, and ends when nothing is left', () => {
    const picks = farthestFirst([a, b, c, d], [], 9, (candidate) => candidate.frameId !== 'a');
    expect(picks.map((pick) => pick.item.frameId)).toEqual(['b', 'd', 'c']);
  });
});
