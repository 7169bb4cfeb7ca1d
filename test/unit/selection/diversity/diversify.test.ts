import { describe, expect, it } from 'vitest';
import { byWorth } from '../../../../src/selection/diversity/by-worth.js';
import type { Diversify, Item } from '../../../../src/selection/diversity/diversify.js';
import { kCenter } from '../../../../src/selection/diversity/k-center.js';
import { kMeansPlusPlus } from '../../../../src/selection/diversity/k-means.js';
import { spaceOf, toPicture } from '../../../../src/selection/picture-space.js';

interface Valued extends Item {
  worth: number;
}
const item = (frameId: string, perceptualHash: string, worth = 1, embedding?: number[]): Valued => ({
  frameId,
  worth,
  ...toPicture({ frameId, perceptualHash, embedding }),
});
const picks = (
  method: Diversify,
  items: Valued[],
  {
    seeds = [],
    allowed = () => true,
    seed = 's',
  }: { seeds?: Item[]; allowed?: (item: Item) => boolean; seed?: string } = {},
) => [...method({ items, worth: ({ worth }) => worth, seeds, space: spaceOf([...items, ...seeds]), seed, allowed })];
const names = (chosen: { item: Item }[]) => chosen.map((pick) => pick.item.frameId);

// Distances by hand: a-b 4 bits, a-c 16 bits, a-d 64 bits, b-c 12 bits.
const a = item('a', '0000000000000000');
const b = item('b', '000000000000000f');
const c = item('c', '000000000000ffff');
const d = item('d', 'ffffffffffffffff');

describe('k-center', () => {
  it('goes to the farthest among items of the same worth', () => {
    const chosen = picks(kCenter, [d, c, b, a]);
    expect(names(chosen)).toEqual(['a', 'd', 'c', 'b']);
    expect(chosen.map((pick) => pick.distance)).toEqual([Infinity, 64 / 64, 16 / 64, 4 / 64]);
  });

  it('stays away from what is known already', () => {
    expect(names(picks(kCenter, [a, b, c, d], { seeds: [a] }))[0]).toBe('d');
    expect(names(picks(kCenter, [a, b, c, d], { seeds: [d] }))[0]).toBe('a');
  });

  it('weighs worth against the squared distance', () => {
    // From a: c is at 16 bits, d at 64. Four times as far is worth sixteen times as much.
    const worth = (ofC: number) => [item('c', '000000000000ffff', ofC), item('d', 'ffffffffffffffff', 1)];
    expect(names(picks(kCenter, worth(17), { seeds: [a] }))[0]).toBe('c');
    expect(names(picks(kCenter, worth(15), { seeds: [a] }))[0]).toBe('d');
  });

  it('starts with what is worth most where nothing is known, and takes what is worth nothing last', () => {
    const items = [
      item('d', 'ffffffffffffffff', 0),
      item('b', '000000000000000f', 2),
      item('c', '000000000000ffff', 3),
    ];
    expect(names(picks(kCenter, items))).toEqual(['c', 'b', 'd']);
    expect(names(picks(kMeansPlusPlus, items)).at(-1)).toBe('d');
  });

  it('takes the greater worth, then the lower frameId, among equally far ones', () => {
    const far = [item('z', 'ff00000000000000', 1), item('y', '00ff000000000000', 1), item('x', '0000ff0000000000', 5)];
    expect(names(picks(kCenter, far, { seeds: [a] }))).toEqual(['x', 'y', 'z']);
    // Pictures that are known already gain nothing, whatever they are worth.
    const known = (['z', 'x', 'y'] as const).map((name) => item(name, '0000000000000000', name === 'y' ? 5 : 1));
    for (const method of [kCenter, kMeansPlusPlus]) {
      expect(names(picks(method, known, { seeds: [a] }))).toEqual(['y', 'x', 'z']);
    }
  });

  it('goes on with the next when one is not allowed, and ends when nothing is left', () => {
    expect(names(picks(kCenter, [a, b, c, d], { allowed: ({ frameId }) => frameId !== 'a' }))).toEqual(['b', 'd', 'c']);
  });

  it('goes by embeddings where every picture has one of the same model', () => {
    // The hashes say that n is far from the seed and m near; the embeddings say the opposite.
    const seed = item('seed', '0000000000000000', 1, [1, 0]);
    const m = item('m', '0000000000000001', 1, [-2, 0]);
    const n = item('n', 'ffffffffffffffff', 1, [3, 0.1]);
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

  it('draws what is worth more more often', () => {
    // Equally far; 3 of 4 draws are for the one that is worth three times as much.
    const items = [item('x', 'ff00000000000000', 3), item('y', '00ff000000000000', 1)];
    const first = Array.from(
      { length: 400 },
      (_, i) => names(picks(kMeansPlusPlus, items, { seeds: [a], seed: `${i}` }))[0],
    );
    const share = first.filter((name) => name === 'x').length / first.length;
    expect(share).toBeGreaterThan(0.69);
    expect(share).toBeLessThan(0.81);
  });

  it('takes everything in the end, also what is the same as a known picture', () => {
    expect(names(picks(kMeansPlusPlus, [a, b, c, d], { seeds: [a] })).sort()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('without diversity', () => {
  it('the greatest worth comes first', () => {
    const items = [
      item('d', 'ffffffffffffffff', 1),
      item('b', '000000000000000f', 3),
      item('c', '000000000000ffff', 2),
    ];
    expect(names(picks(byWorth, [...items, item('a', '0000000000000000', 3)]))).toEqual(['a', 'b', 'c', 'd']);
  });
});
