import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSplits } from '../../../src/dataset/split.js';
import type { Split } from '../../../src/dataset/index.js';

const count = (sides: ReadonlyMap<string, Split>, side: Split) => [...sides.values()].filter((s) => s === side).length;
const videos = (n: number, frames: number) => new Map(Array.from({ length: n }, (_, i) => [`file-${i}`, frames]));

describe('the side of a video', () => {
  it('is train for the first, and val for one of the first two', () => {
    expect([...assignSplits(new Map(), videos(1, 10), { val: 0.2, test: 0.1 }).values()]).toEqual(['train']);
    const two = assignSplits(new Map(), videos(2, 10), { val: 0.2, test: 0 });
    expect([count(two, 'train'), count(two, 'val')]).toEqual([1, 1]);
  });

  it('follows the shares when the videos are alike', () => {
    const sides = assignSplits(new Map(), videos(100, 7), { val: 0.2, test: 0.1 });
    expect([count(sides, 'train'), count(sides, 'val'), count(sides, 'test')]).toEqual([70, 20, 10]);
  });

  it('is never val when none is wanted', () => {
    expect(count(assignSplits(new Map(), videos(50, 3), { val: 0, test: 0 }), 'train')).toBe(50);
  });

  it('for val is a small video rather than one that holds most of the frames', () => {
    const sizes = new Map([...videos(6, 10), ['file-huge', 1000] as const]);
    const sides = assignSplits(new Map([['file-0', 'train']]), sizes, { val: 0.01, test: 0 });
    expect(sides.get('file-huge')).toBe('train');
    expect(count(sides, 'val')).toBe(1);
  });

  it.each([
    { val: 1, test: 0 },
    { val: 0.6, test: 0.4 },
    { val: -0.1, test: 0 },
  ])('cannot be given by the shares %j', (shares) => {
    expect(() => assignSplits(new Map(), videos(3, 1), shares)).toThrow(
      expect.objectContaining({ code: 'DATASET_BAD_SPLIT' }),
    );
  });

  it('stays the same however the dataset grows', () => {
    const round = fc.dictionary(fc.stringMatching(/^file-[a-f]{2}$/), fc.integer({ min: 1, max: 50 }), { maxKeys: 5 });
    const shares = fc.constantFrom({ val: 0.2, test: 0 }, { val: 0.1, test: 0.1 }, { val: 0, test: 0.3 });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 8 }), shares, (rounds, wanted) => {
        let sides = new Map<string, Split>();
        const frames = new Map<string, number>();
        for (const added of rounds) {
          for (const [videoKey, n] of Object.entries(added)) frames.set(videoKey, (frames.get(videoKey) ?? 0) + n);
          const grown = assignSplits(sides, frames, wanted);
          for (const [videoKey, side] of sides) expect(grown.get(videoKey)).toBe(side);
          expect([...grown.keys()].sort()).toEqual([...frames.keys()].sort());
          // The order in which the videos are named does not matter.
          expect(assignSplits(sides, new Map([...frames].reverse()), wanted)).toEqual(grown);
          if (frames.size > 0) expect(count(grown, 'train')).toBeGreaterThan(0);
          if (frames.size >= 2 && wanted.val > 0) expect(count(grown, 'val')).toBeGreaterThan(0);
          sides = grown;
        }
      }),
    );
  });
});
