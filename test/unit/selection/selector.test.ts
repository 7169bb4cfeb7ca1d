import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SelectionSettings } from '../../../src/selection/index.js';
import { bitsApart, candidate, selectFrames } from './candidates.js';

/** Hashes that are about 32 bits apart, as those of unrelated pictures are. */
const pictureHash = (name: string) => createHash('sha256').update(name).digest('hex').slice(0, 16);
const uncertain = { strategy: 'uncertainty', explore: 0 } as const;
const ids = (frames: readonly { frameId: string }[]) => frames.map((frame) => frame.frameId);

describe('without a budget', () => {
  const frames = [candidate({ ptsMs: 2000, confidences: [] }), candidate({ ptsMs: 0 }), candidate({ ptsMs: 1000 })];

  it.each<SelectionSettings>([
    { strategy: 'interval' },
    { strategy: 'uncertainty' },
    { strategy: 'interval', budget: 1 },
  ])('every sampled frame goes to the people, look-alikes too: %j', (settings) => {
    const { selected, rejected } = selectFrames(frames, [], settings);
    expect(selected.map((frame) => [frame.ptsSeconds, frame.arm])).toEqual([
      [0, 'all'],
      [1, 'all'],
      [2, 'all'],
    ]);
    expect(selected[0]?.reason).toBe('every sampled frame; 1 box near the threshold');
    expect(rejected).toEqual([]);
  });

  it('leaves out frames in which the model sees nothing only when asked to, and counts them', () => {
    const { selected, rejected } = selectFrames(frames, [], { strategy: 'interval', requireDetections: true });
    expect(selected).toHaveLength(2);
    expect(rejected).toEqual([{ reason: 'no detections', count: 1 }]);
  });

  it('does not send a frame to the people a second time', () => {
    const labelled = [{ frameId: frames[1]!.frameId, perceptualHash: frames[1]!.perceptualHash }];
    const { selected, rejected } = selectFrames(frames, labelled, { strategy: 'interval' });
    expect(selected.map((frame) => frame.ptsSeconds)).toEqual([1, 2]);
    expect(rejected).toEqual([{ reason: 'labelled in an earlier round', count: 1 }]);
  });
});

describe('with a budget', () => {
  const chosenOnly = { strategy: 'uncertainty', control: 0, explore: 0 } as const;

  it('prefers what the model is unsure of, and says so in words', () => {
    const frames = Array.from({ length: 40 }, (_, i) =>
      candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`), confidences: i < 8 ? [0.5, 0.4, 0.95] : [0.99] }),
    );
    // The pool holds 4 times the budget: exactly the eight unsure frames.
    const { selected, rejected } = selectFrames(frames, [], { ...chosenOnly, budget: 2 });
    expect(selected.every((frame) => frame.ptsSeconds < 8)).toBe(true);
    expect(selected.map((frame) => frame.reason)).toContain(
      '2 of 3 boxes near the threshold, unlike anything labelled',
    );
    expect(rejected).toEqual([{ reason: 'beyond the budget', count: 38 }]);
  });

  it('takes one of two look-alikes, the one the model is less sure of', () => {
    const frames = [
      candidate({ ptsMs: 0, hash: 'ffffffffffffffff', confidences: [0.9] }),
      candidate({ ptsMs: 1000, hash: 'fffffffffffffff8', confidences: [0.5] }), // 3 bits apart
      candidate({ ptsMs: 2000, hash: 'ffffffffffffff0f', confidences: [0.9] }), // 4 bits from the first
    ];
    const { selected, rejected } = selectFrames(frames, [], { ...chosenOnly, budget: 3 });
    expect(selected.map((frame) => frame.ptsSeconds)).toEqual([1, 2]);
    expect(rejected).toEqual([{ reason: 'near duplicate in the round', count: 1 }]);
  });

  it('does not ask again what an earlier round asked', () => {
    const frames = [
      candidate({ ptsMs: 0, hash: 'fffffffffffffff0' }),
      candidate({ ptsMs: 1000, hash: 'ff00ff00ff00ff00' }),
    ];
    const labelled = [{ frameId: 'elsewhere_000000000', perceptualHash: 'FFFFFFFFFFFFFFF1' }];
    const { selected, rejected } = selectFrames(frames, labelled, { ...chosenOnly, budget: 2 });
    expect(selected.map((frame) => frame.ptsSeconds)).toEqual([1]);
    expect(rejected).toEqual([{ reason: 'near duplicate of a labelled frame', count: 1 }]);
  });

  it('splits the budget into chosen, control and explore frames', () => {
    const frames = Array.from({ length: 200 }, (_, i) =>
      candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`), confidences: i % 2 ? [0.6] : [] }),
    );
    const { selected } = selectFrames(frames, [], { strategy: 'uncertainty', budget: 20 });
    const arms = (arm: string) => selected.filter((frame) => frame.arm === arm);
    expect([arms('chosen').length, arms('control').length, arms('explore').length]).toEqual([16, 2, 2]);
    expect(arms('explore').every((frame) => frame.detections.length === 0)).toBe(true);
    expect(arms('explore')[0]?.reason).toContain('the model sees nothing');
    expect(ids(selected)).toEqual([...ids(selected)].sort());
  });

  it('gives the explore share to the chosen frames when the model sees something everywhere', () => {
    const frames = Array.from({ length: 50 }, (_, i) => candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`) }));
    const { selected } = selectFrames(frames, [], { strategy: 'uncertainty', budget: 10 });
    expect(selected.filter((frame) => frame.arm === 'chosen')).toHaveLength(9);
    expect(selected).toHaveLength(10);
  });

  it('still spends the whole budget when one video holds all the unsure frames', () => {
    const frames = ['file-aaaaaaaaaaaa', 'file-bbbbbbbbbbbb'].flatMap((videoKey, v) =>
      Array.from({ length: 100 }, (_, i) =>
        candidate({
          videoKey,
          ptsMs: i * 1000,
          hash: pictureHash(`${v}-${i}`),
          confidences: v === 0 ? [0.5, 0.5] : [0.99],
        }),
      ),
    );
    const { selected, rejected } = selectFrames(frames, [], { ...chosenOnly, budget: 10, perVideo: 0.7 });
    expect(selected.filter((frame) => frame.videoKey === 'file-aaaaaaaaaaaa').length).toBeLessThanOrEqual(7);
    expect(selected).toHaveLength(10);
    expect(rejected.reduce((sum, { count }) => sum + count, 0)).toBe(190);
  });

  it.each([
    { videos: 2, most: 20 },
    { videos: 4, most: 10 },
    { videos: 8, most: 5 },
    { videos: 20, most: 4 },
  ])('gives one of $videos videos at most $most of 20 frames where nothing is set', ({ videos, most }) => {
    const frames = Array.from({ length: videos }, (_, v) =>
      Array.from({ length: 25 }, (_, i) =>
        candidate({
          videoKey: `file-${String(v).padStart(12, '0')}`,
          ptsMs: i * 1000,
          hash: pictureHash(`${v}-${i}`),
          confidences: v === 0 ? [0.5, 0.5] : [0.9],
        }),
      ),
    );
    const settings = { ...chosenOnly, budget: 20, diversity: 'none' } as const;
    const { selected } = selectFrames(frames.flat(), [], settings);
    expect(selected).toHaveLength(20);
    expect(selected.filter(({ videoKey }) => videoKey === 'file-000000000000')).toHaveLength(most);
  });

  it('looks for diversity among the best four times the budget, and no further', () => {
    const known = pictureHash('known');
    const near = (i: number) => (BigInt(`0x${known}`) ^ (0xfn << BigInt(8 * i))).toString(16).padStart(16, '0');
    const frames = Array.from({ length: 30 }, (_, i) =>
      candidate({ ptsMs: i * 10_000, hash: i < 8 ? near(i) : pictureHash(`${i}`), confidences: [i < 8 ? 0.5 : 0.51] }),
    );
    const labelled = [{ frameId: 'elsewhere_000000000', perceptualHash: known }];
    const { selected } = selectFrames(frames, labelled, { ...chosenOnly, budget: 2 });
    expect(selected.map(({ ptsSeconds }) => ptsSeconds / 10 < 8)).toEqual([true, true]);
    // Where the pool has room for them, it is the far ones that are taken.
    expect(
      selectFrames(frames, labelled, { ...chosenOnly, budget: 4 }).selected.map(
        ({ ptsSeconds }) => ptsSeconds / 10 < 8,
      ),
    ).toEqual([false, false, false, false]);
  });

  it('lets the scores speak where there is little more footage than budget', () => {
    const frames = Array.from({ length: 100 }, (_, i) =>
      candidate({ ptsMs: i * 10_000, hash: pictureHash(`${i}`), confidences: i % 2 === 0 ? [0.5] : [] }),
    );
    const { selected } = selectFrames(frames, [], { ...chosenOnly, budget: 40 });
    expect(selected).toHaveLength(40);
    expect(selected.filter(({ detections }) => detections.length > 0)).toHaveLength(40);
  });

  it('draws control frames without regard to what the model says, of look-alikes too', () => {
    const frames = Array.from({ length: 200 }, (_, i) => {
      const hash = BigInt(`0x${pictureHash(`${Math.floor(i / 2)}`)}`) ^ (i % 2 === 0 ? 0n : 1n);
      return candidate({
        ptsMs: i * 10_000,
        hash: hash.toString(16).padStart(16, '0'),
        confidences: [i % 2 === 0 ? 0.5 : 0.99],
      });
    });
    const { selected } = selectFrames(frames, [], { ...chosenOnly, control: 1, budget: 60 });
    expect(selected).toHaveLength(60);
    const sure = selected.filter(({ detections }) => detections[0]!.confidence === 0.99).length;
    expect(sure).toBeGreaterThan(15);
    expect(sure).toBeLessThan(45);
  });

  it('draws other control frames with another seed, and the same with the same', () => {
    const frames = Array.from({ length: 300 }, (_, i) => candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`) }));
    const draw = (seed: string) =>
      ids(selectFrames(frames, [], { strategy: 'uncertainty', budget: 10, control: 1, explore: 0, seed }).selected);
    expect(draw('one')).toEqual(draw('one'));
    expect(draw('one')).not.toEqual(draw('two'));
  });

  it.each<[Partial<SelectionSettings>, string]>([
    [{ budget: 1.5 }, 'budget'],
    [{ budget: -1 }, 'budget'],
    [{ budget: 1, control: 0.6, explore: 0.6 }, 'control and explore'],
    [{ budget: 1, perVideo: 0 }, 'perVideo'],
    [{ budget: 1, minHammingDistance: 65 }, 'minHammingDistance'],
  ])('refuses %j and names %s', (settings, name) => {
    const run = () => selectFrames([], [], { strategy: 'uncertainty', ...settings });
    expect(run).toThrow(expect.objectContaining({ code: 'SELECTION_BAD_SETTINGS' }));
    expect(run).toThrow(name);
  });
});

describe('a budget in boxes', () => {
  it('pays for what people have to look at, not for pictures', () => {
    const frames = Array.from({ length: 40 }, (_, i) =>
      candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`), confidences: Array<number>(1 + (i % 10)).fill(0.5) }),
    );
    const { selected } = selectFrames(frames, [], { ...uncertain, control: 0, budget: 30, budgetUnit: 'boxes' });
    const boxes = selected.reduce((sum, frame) => sum + frame.detections.length, 0);
    expect(boxes).toBeLessThanOrEqual(30);
    expect(boxes).toBeGreaterThan(20);
    // All boxes are equally unsure, so none of the 30 is wasted on a frame of another kind.
    expect(selected.length).toBeGreaterThan(3);
  });

  it('draws crowded pictures as control frames as often as others', () => {
    // One box or nine: five on average, so a tenth of a budget of 100 boxes is two frames.
    const frames = Array.from({ length: 200 }, (_, i) =>
      candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`), confidences: Array<number>(i % 2 ? 9 : 1).fill(0.5) }),
    );
    const drawn = Array.from({ length: 60 }, (_, seed) =>
      selectFrames(frames, [], { ...uncertain, control: 0.1, budget: 100, budgetUnit: 'boxes', seed: `${seed}` }),
    ).flatMap(({ selected }) => selected.filter(({ arm }) => arm === 'control'));
    expect(drawn).toHaveLength(120);
    const crowded = drawn.filter(({ detections }) => detections.length === 9).length;
    expect(crowded).toBeGreaterThan(40);
    expect(crowded).toBeLessThan(80);
  });

  it('is spent beyond the pool where all that is in it costs more than is left', () => {
    // The 36 boxes that are looked at for diversity are in frames of six; after one of these three are left.
    const frames = Array.from({ length: 20 }, (_, i) =>
      candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`), confidences: Array<number>(i < 16 ? 6 : 3).fill(0.5) }),
    );
    const { selected } = selectFrames(frames, [], { ...uncertain, control: 0, budget: 9, budgetUnit: 'boxes' });
    expect(selected.map(({ detections }) => detections.length).sort()).toEqual([3, 6]);
  });

  it('counts a frame without boxes as one', () => {
    const frames = Array.from({ length: 40 }, (_, i) =>
      candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`), confidences: [] }),
    );
    expect(selectFrames(frames, [], { ...uncertain, budget: 7, budgetUnit: 'boxes' }).selected).toHaveLength(7);
  });
});

describe('what earlier rounds taught', () => {
  const box = (label: string, x: number) => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });
  // The model is always right about players and never about the ball; there are 20 players and one ball.
  const corrected = Array.from({ length: 20 }, (_, i) => ({
    detections: [
      { ...box('player', 0), confidence: 0.9 },
      ...(i === 0 ? [{ ...box('ball', 50), confidence: 0.5 }] : []),
    ],
    truth: [box('player', 0), ...(i === 0 ? [box('ball', 200)] : [])],
  }));
  const frames = Array.from({ length: 40 }, (_, i) =>
    candidate({
      ptsMs: i * 10_000,
      hash: pictureHash(`${i}`),
      boxes: [[i % 4 === 0 ? 'ball' : 'player', 0.5, 0, 0]],
    }),
  );

  it('is preferred: the class that had to be corrected, and the rare one, and the reason says so', () => {
    const { selected } = selectFrames(frames, [], { ...uncertain, control: 0, budget: 2 }, corrected);
    expect(selected.map((frame) => frame.detections[0]!.label)).toEqual(['ball', 'ball']);
    expect(selected[0]?.reason).toContain('shows the rare and often corrected ball');
    expect(selected[0]?.scores?.difficulty).toBeGreaterThan(selected[0]!.scores!.entropySum * 0.5);
  });

  it('changes nothing while there are no corrections', () => {
    const { selected } = selectFrames(frames, [], { ...uncertain, budget: 10 });
    for (const { score, scores } of selected) {
      expect(scores).toMatchObject({ difficulty: 0, rarity: 0 });
      expect(score).toBe(scores?.entropySum);
    }
  });
});

describe('the share of a class', () => {
  const frames = Array.from({ length: 100 }, (_, i) =>
    candidate({
      ptsMs: i * 10_000,
      hash: pictureHash(`${i}`),
      boxes: i % 10 === 0 ? [['ball', 0.99, 0, 0]] : [['player', 0.5, 0, 0]],
    }),
  );
  const balls = (settings: Partial<SelectionSettings>) =>
    selectFrames(frames, [], { ...uncertain, control: 0, budget: 20, ...settings }).selected.filter(
      (frame) => frame.detections[0]?.label === 'ball',
    );

  it('is filled though the scores speak against it', () => {
    expect(balls({})).toHaveLength(0);
    expect(balls({ perClass: { ball: 0.25 } })).toHaveLength(5);
    expect(balls({ perClass: { ball: 0.25 } })[0]?.reason).toContain('for the share of ball');
  });

  it('is as much as there is', () => {
    expect(balls({ perClass: { ball: 0.9 } })).toHaveLength(10);
  });

  it('is filled from other videos where those with the best frames have had their share', () => {
    const footage = (videos: string, count: number, label: string, confidence: number) =>
      Array.from({ length: count }, (_, i) =>
        candidate({
          videoKey: `file-${videos}0000000${i % 4}`,
          ptsMs: (label === 'ball' ? 0 : 900_000) + i * 10_000,
          hash: pictureHash(`${videos}-${label}-${i}`),
          boxes: [[label, confidence, 0, 0]],
        }),
      );
    // A video may give one frame. Those of `rich` are gone with the flags when it is the ball's turn.
    const frames = [
      ...[...footage('rich', 8, 'a flag', 0.5), ...footage('rich', 8, 'ball', 0.5)],
      ...[...footage('poor', 4, 'ball', 0.99), ...footage('else', 8, 'player', 0.5)],
    ];
    const settings = { ...uncertain, budget: 10, perVideo: 0.1, control: 0, perClass: { 'a flag': 0.4, ball: 0.1 } };
    const { selected } = selectFrames(frames, [], settings);
    const labels = selected.map(({ detections }) => detections[0]!.label);
    expect(labels.filter((label) => label === 'a flag')).toHaveLength(4);
    expect(selected.filter(({ reason }) => reason.includes('for the share of ball'))).toHaveLength(1);
  });

  it('is not lessened by rounding: half a control frame and half an explore frame are one frame together', () => {
    const nothing = Array.from({ length: 10 }, (_, i) =>
      candidate({ ptsMs: 900_000 + i * 1000, hash: pictureHash(`nothing-${i}`), boxes: [] }),
    );
    const settings = { strategy: 'uncertainty', budget: 5, control: 0.1, explore: 0.1 } as const;
    const { selected } = selectFrames([...frames, ...nothing], [], { ...settings, perClass: { ball: 0.8 } });
    expect(selected).toHaveLength(5);
    expect(selected.filter(({ detections }) => detections[0]?.label === 'ball')).toHaveLength(4);
  });
});

describe('blind frames', () => {
  it('are a share of the control frames, always the same ones', () => {
    const frames = Array.from({ length: 300 }, (_, i) => candidate({ ptsMs: i * 1000, hash: pictureHash(`${i}`) }));
    const draw = (blind: number) =>
      selectFrames(frames, [], { ...uncertain, budget: 40, control: 0.5, blind }).selected.filter(
        (frame) => frame.blind,
      );
    expect(draw(0.3)).toHaveLength(6);
    expect(draw(0.3).every((frame) => frame.arm === 'control')).toBe(true);
    expect(draw(0.3)).toEqual(draw(0.3));
    expect(draw(0)).toEqual([]);
    expect(draw(1)).toHaveLength(20);
  });
});

describe('for any footage', () => {
  const seeds = fc.record({
    video: fc.constantFrom('file-aaaaaaaaaaaa', 'file-bbbbbbbbbbbb', 'youtube-ccccccccccc'),
    ptsMs: fc.nat(60),
    // A few base pictures with a few bits turned over: look-alikes are frequent.
    base: fc.nat(5),
    flip: fc.nat(255),
    boxes: fc.array(
      fc.tuple(fc.constantFrom('player', 'ball'), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(30), fc.nat(30)),
      { maxLength: 4 },
    ),
  });
  const toCandidate = ({ video, ptsMs, base, flip, boxes }: typeof seeds extends fc.Arbitrary<infer T> ? T : never) =>
    candidate({
      videoKey: video,
      ptsMs,
      hash: (BigInt(`0x${pictureHash(`${base}`)}`) ^ BigInt(flip)).toString(16).padStart(16, '0'),
      boxes,
    });
  const footage = fc.array(seeds, { maxLength: 60 }).map((rows) => {
    const unique = new Map(rows.map(toCandidate).map((frame) => [frame.frameId, frame]));
    return [...unique.values()];
  });
  const settings = fc.record({
    strategy: fc.constant('uncertainty' as const),
    budget: fc.nat(30),
    control: fc.constantFrom(0, 0.1, 0.5),
    explore: fc.constantFrom(0, 0.1, 0.5),
    perVideo: fc.constantFrom(0.2, 0.5, 1),
    budgetUnit: fc.constantFrom('frames' as const, 'boxes' as const),
    blind: fc.constantFrom(0, 0.5, 1),
    aggregate: fc.constantFrom('sum' as const, 'max' as const, 'mean' as const),
    diversity: fc.constantFrom('k_center' as const, 'k_means' as const, 'none' as const),
    minHammingDistance: fc.nat(8),
  });

  const corrections = footage.map((frames) =>
    frames.slice(0, 5).map(({ detections }, i) => ({ detections, truth: detections.slice(i % 2) })),
  );
  type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;
  const costOf = ({ budgetUnit }: Settings, frame: { detections: unknown[] }) =>
    budgetUnit === 'frames' ? 1 : Math.max(1, frame.detections.length);

  it('keeps budget, video share and distances, and accounts for every frame', () => {
    fc.assert(
      fc.property(footage, footage, settings, (frames, earlier, chosen) => {
        const labelled = earlier.slice(0, 10);
        const { selected, rejected } = selectFrames(frames, labelled, chosen);
        const spent = (some: typeof selected) => some.reduce((sum, frame) => sum + costOf(chosen, frame), 0);
        expect(spent(selected)).toBeLessThanOrEqual(chosen.budget);
        expect(new Set(ids(selected)).size).toBe(selected.length);
        for (const frame of selected) {
          for (const other of [...selected, ...labelled]) {
            if (other === frame) continue;
            expect(other.frameId).not.toBe(frame.frameId);
            expect(bitsApart(other.perceptualHash, frame.perceptualHash)).toBeGreaterThanOrEqual(
              chosen.minHammingDistance,
            );
          }
        }
        const arm = (name: string) => selected.filter((frame) => frame.arm === name);
        // Where boxes are paid for, a number of frames is drawn that costs as much on average.
        expect(arm('control').length).toBeLessThanOrEqual(Math.round(chosen.control * chosen.budget));
        expect(spent(arm('explore'))).toBeLessThanOrEqual(Math.round(chosen.explore * chosen.budget));
        expect(selected.filter((frame) => frame.blind)).toHaveLength(Math.round(chosen.blind * arm('control').length));
        const open = frames.filter((frame) => !labelled.some((other) => other.frameId === frame.frameId));
        const videos = new Set(open.map((frame) => frame.videoKey)).size;
        if (videos > 1) {
          // Its share, or an equal one where that is more.
          const cap = Math.max(Math.floor(chosen.perVideo * chosen.budget), Math.ceil(chosen.budget / videos));
          for (const { videoKey } of selected) {
            expect(spent(selected.filter((frame) => frame.videoKey === videoKey))).toBeLessThanOrEqual(cap);
          }
        }
        expect(selected.length + rejected.reduce((sum, { count }) => sum + count, 0)).toBe(frames.length);
      }),
    );
  });

  it('fills the share of a class as far as the frames go', () => {
    const distinct = { minHammingDistance: 0, perVideo: 1, budgetUnit: 'frames', control: 0.1, explore: 0.1 } as const;
    fc.assert(
      fc.property(footage, settings, fc.constantFrom(0.1, 0.3, 0.8), (frames, chosen, ball) => {
        const { selected } = selectFrames(frames, [], { ...chosen, ...distinct, perClass: { ball } });
        const shows = (some: typeof frames) =>
          some.filter(({ detections }) => detections.some(({ label }) => label === 'ball')).length;
        expect(shows(selected)).toBeGreaterThanOrEqual(
          Math.min(shows(frames), Math.floor(ball * chosen.budget + 1e-9)),
        );
      }),
    );
  });

  it('gives every frame component scores within their ranges, and a reason', () => {
    fc.assert(
      fc.property(footage, corrections, settings, (frames, corrected, chosen) => {
        for (const { score, scores, reason } of selectFrames(frames, [], chosen, corrected).selected) {
          const most = chosen.aggregate === 'sum' ? 20 : 1;
          const ranges = { entropySum: 20, entropyMax: 1, entropyMean: 1, novelty: 1 };
          for (const [name, value] of Object.entries(scores!)) {
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value, name).toBeLessThanOrEqual(ranges[name as keyof typeof ranges] ?? most);
          }
          // The default weights: 1, 0.2, 0.5 and 1.
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(2.7 * most);
          expect(reason).not.toBe('');
        }
      }),
    );
  });

  it('chooses the same frames in whatever order the candidates come', () => {
    const shuffled = footage.chain((frames) =>
      fc.tuple(
        fc.constant(frames),
        fc.shuffledSubarray(frames, { minLength: frames.length, maxLength: frames.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, settings, ([frames, reordered], chosen) => {
        expect(selectFrames(reordered, [], chosen)).toEqual(selectFrames(frames, [], chosen));
      }),
    );
  });
});
