import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Split } from '../../../src/dataset/index.js';
import { checkLeaks } from '../../../src/dataset/leaks.js';
import { decideSides } from '../../../src/dataset/sides.js';
import type { DatasetRecord } from '../../../src/dataset/types.js';
import { bitsApart } from '../selection/candidates.js';

/** Of unrelated pictures: about 32 bits apart. */
const pictureHash = (name: string) => createHash('sha256').update(name).digest('hex').slice(0, 16);
const flip = (hash: string, bits: bigint) => (BigInt(`0x${hash}`) ^ bits).toString(16).padStart(16, '0');
const frame = (videoKey: string, n: number, perceptualHash: string) => ({
  frameId: `${videoKey}_${String(n).padStart(9, '0')}`,
  videoKey,
  perceptualHash,
  boxes: [{ label: 'player' }],
});
const shares = { val: 0.2, test: 0 };
const placed = (frames: ReturnType<typeof frame>[], sides: ReadonlyMap<string, Split>) =>
  frames.map((each) => ({ ...each, split: sides.get(each.videoKey)! }));
const footage = (videoKey: string, count: number) =>
  Array.from({ length: count }, (_, i) => frame(videoKey, i, pictureHash(`${videoKey}/${i}`)));

describe('the side of a frame', () => {
  it('is the same for videos that share a picture, directly or through a third one', () => {
    const shared = [pictureHash('goal'), pictureHash('interview')];
    const frames = [
      ...footage('a', 3),
      frame('a', 9, shared[0]!),
      frame('b', 9, flip(shared[0]!, 5n)), // 2 bits
      frame('b', 10, shared[1]!),
      frame('c', 9, flip(shared[1]!, 7n)), // 3 bits
      ...footage('c', 2),
      ...footage('d', 2),
    ];
    const { sides, refused } = decideSides([], frames, shares);
    expect(refused).toEqual([]);
    expect(new Set(['a', 'b', 'c'].map((video) => sides.get(video)))).toEqual(new Set(['train']));
    expect(sides.get('d')).toBe('val');
  });

  it('does not depend on pictures without contents: black frames tie no videos together', () => {
    const black = '0000000000000000';
    const frames = ['a', 'b'].flatMap((video) => [...footage(video, 3), frame(video, 9, black)]);
    const { sides, refused } = decideSides([], frames, shares);
    expect([...sides.values()].sort()).toEqual(['train', 'val']);
    expect(refused).toEqual([]);
  });

  it('is that of the video it shares pictures with', () => {
    const old = [...footage('a', 9), ...footage('b', 3)];
    const { sides } = decideSides([], old, shares);
    expect(sides.get('b')).toBe('val');
    const again = [frame('c', 0, old[10]!.perceptualHash), ...footage('c', 30)];
    expect(decideSides(placed(old, sides), again, shares).sides.get('c')).toBe('val');
  });

  it('cannot be found for a picture of both sides: the frame is refused and named', () => {
    const old = [...footage('a', 9), ...footage('b', 3)];
    const { sides } = decideSides([], old, shares);
    const bridge = [
      frame('c', 0, old[0]!.perceptualHash),
      frame('c', 1, old[1]!.perceptualHash),
      frame('c', 2, old[10]!.perceptualHash),
    ];
    const decision = decideSides(placed(old, sides), bridge, shares);
    expect(decision.sides.get('c')).toBe('train'); // two of three
    expect(decision.refused).toEqual([
      { frameId: bridge[2]!.frameId, reason: 'looks like b_000000001, which lies in val and not in train' },
    ]);
  });
});

describe('for any history of a dataset', () => {
  const picture = fc.record({
    video: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    n: fc.nat(8),
    // Few base pictures with few bits turned over: videos share pictures often.
    base: fc.nat(25),
    bits: fc.constantFrom(0n, 1n, 3n, 7n, 255n),
  });
  const history = fc.array(fc.array(picture, { maxLength: 12 }), { maxLength: 6 });

  it('a video keeps its side, near duplicates lie on one side, and the order of frames does not matter', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(shares, { val: 0.1, test: 0.2 }, { val: 0, test: 0 }), (rounds, wanted) => {
        let dataset: ReturnType<typeof placed> = [];
        for (const round of rounds) {
          const unique = new Map(
            round.map(({ video, n, base, bits }) => {
              const made = frame(video, n, flip(pictureHash(`${base}`), bits));
              return [made.frameId, made] as const;
            }),
          );
          const known = new Set(dataset.map(({ frameId }) => frameId));
          const added = [...unique.values()].filter(({ frameId }) => !known.has(frameId));
          const { sides, refused } = decideSides(dataset, added, wanted);
          expect(decideSides([...dataset].reverse(), [...added].reverse(), wanted).sides).toEqual(sides);
          for (const { videoKey, split } of dataset) expect(sides.get(videoKey)).toBe(split);

          const isRefused = new Set(refused.map(({ frameId }) => frameId));
          dataset = [
            ...dataset,
            ...placed(
              added.filter(({ frameId }) => !isRefused.has(frameId)),
              sides,
            ),
          ];
          for (const a of dataset) {
            for (const b of dataset) {
              if (a.split !== b.split) expect(bitsApart(a.perceptualHash, b.perceptualHash)).toBeGreaterThanOrEqual(4);
            }
          }
          const sizes = { train: 0, val: 0, test: 0 };
          for (const { split } of dataset) sizes[split]++;
          if (wanted.val === 0) expect(sizes.val).toBe(0);
          expect(checkLeaks(dataset as unknown as DatasetRecord[]).leaks).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the leak check', () => {
  const record = (videoKey: string, split: Split, perceptualHash: string) =>
    ({ ...frame(videoKey, 0, perceptualHash), split }) as unknown as DatasetRecord;

  it('names near duplicates on two sides, and says how far the others are', () => {
    const hash = pictureHash('x');
    const check = checkLeaks([
      record('a', 'train', hash),
      record('b', 'val', flip(hash, 3n)), // 2 bits
      record('c', 'val', flip(hash, 0xffn)), // 8 bits
    ]);
    expect(check.leaks).toEqual([{ frameId: 'b_000000000', other: 'a_000000000' }]);
    expect(check.nearestBits.flatMap((frames, bits) => Array<number>(frames).fill(bits))).toEqual([2, 8]);
  });
});
