import { describe, expect, it } from 'vitest';
import { byScore, kCenter, kMeansPlusPlus, type Diversify, type Item } from '../../../src/selection/diversify.js';
import { spaceOf, toPicture } from '../../../src/selection/picture-space.js';

const item = (frameId: string, perceptualHash: string, score = 0, embedding?: number[]): Item => ({
  frameId,
  score,
  ...toPicture({ frameId, perceptualHash, embedding }),
});
const picks = (
  method: Diversify,
  items: Item[],
  {
    seeds = [],
    allowed = () => true,
    seed = 's',
  }: { seeds?: Item[]; allowed?: (item: Item) => boolean; seed?: string } = {},
) => [...method({ items, seeds, space: spaceOf([...items, ...seeds]), seed, allowed })];
const names = (chosen: { item: Item }[]) => chosen.map((pick) => pick.item.frameId);

// Distances by hand: a-b 4 bits, a-c 16 bits, a-d 64 bits, b-c 12 bits.
const a = item('a', '0000000000000000', 3);
const b = item('b', '000000000000000f', 2);
const c = item('c', '000000000000ffff', 1);
const d = item('d', 'ffffffffffffffff', 0);

describe('k-center', () => {
  it('starts with the best score and then goes to the farthest', () => {
    const chosen = picks(kCenter, [d, c, b, a]);
    expect(names(chosen)).toEqual(['a', 'd', 'c', 'b']);
    expect(chosen.map((pick) => pick.distance)).toEqual([Infinity, 64 / 64, 16 / 64, 4 / 64]);
  });

  it('stays away from what is known already', () => {
    expect(names(picks(kCenter, [a, b, c, d], { seeds: [a] }))[0]).toBe('d');
    expect(names(picks(kCenter, [a, b, c, d], { seeds: [d] }))[0]).toBe('a');
  });

  it('takes the higher score, then the lower frameId, among equally far ones', () => {
    const far = [item('z', 'ff00000000000000', 1), item('y', '00ff000000000000', 1), item('x', '0000ff0000000000', 5)];
    expect(names(picks(kCenter, far, { seeds: [a] }))).toEqual(['x', 'y', 'z']);
  });

  it('goes on with the next when one is not allowed, and ends when nothing is left', () => {
    expect(names(picks(kCenter, [a, b, c, d], { allowed: ({ frameId }) => frameId !== 'a' }))).toEqual(['b', 'd', 'c']);
  });

  it('goes by embeddings where every picture has one of the same model', () => {
    // The hashes say that n is far from the seed and m near; the embeddings say the opposite.
    const seed = item('seed', '0000000000000000', 0, [1, 0]);
    const m = item('m', '0000000000000001', 0, [-2, 0]);
    const n = item('n', 'ffffffffffffffff', 0, [3, 0.1]);
    const chosen = picks(kCenter, [m, n], { seeds: [seed] });
    expect(names(chosen)).toEqual(['m', 'n']);
    expect(chosen[0]!.distance).toBeCloseTo(1, 6); // opposite directions
    const old = item('old', '0000000000000000');
    expect(names(picks(kCenter, [m, n], { seeds: [old] }))).toEqual(['n', 'm']);
  });
});

describe('k-means++', () => {
  it('draws the farther picture more often, by the square of the distance', () => {
    // b is 4 bits and c 16 bits from the seed: squares 16 and 256, so c comes first in 256 of 272 draws (94 %).
    const first = Array.from(
      { length: 400 },
      (_, i) => names(picks(kMeansPlusPlus, [b, c], { seeds: [a], seed: `${i}` }))[0],
    );
    const share = first.filter((name) => name === 'c').length / first.length;
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(0.98);
  });

  it('takes everything in the end, also what is the same as a known picture', () => {
    expect(names(picks(kMeansPlusPlus, [a, b, c, d], { seeds: [a] })).sort()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('without diversity', () => {
  it('the best score comes first', () => {
    expect(names(picks(byScore, [d, b, a, c]))).toEqual(['a', 'b', 'c', 'd']);
  });
});
