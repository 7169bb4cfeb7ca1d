import { describe, expect, it } from 'vitest';
import { cleanFrames } from '../../../src/dataset/index.js';
import { annotatedFrame } from './frames.js';

const names = ['person', 'ball'];
const box = { label: 'person', x1: 10, y1: 10, x2: 30, y2: 40 };

describe('cleaning boxes', () => {
  it.each([
    ['outside on two sides', { ...box, x1: -5, y2: 60 }, { ...box, x1: 0, y2: 50 }, '1 box clipped to the picture'],
    ['thinner than a pixel', { ...box, x2: 10.9 }, undefined, '1 box of less than 1 px in the picture removed'],
    ['wholly outside', { ...box, x1: 120, x2: 130 }, undefined, '1 box of less than 1 px in the picture removed'],
    ['without numbers', { ...box, x1: Number.NaN }, undefined, '1 box of less than 1 px in the picture removed'],
    ['exactly a pixel wide', { ...box, x2: 11 }, { ...box, x2: 11 }, undefined],
  ])('a box %s', (_, given, expected, what) => {
    const { kept, mended } = cleanFrames([annotatedFrame({ boxes: [given] })], { empty: 'keep', names });
    expect(kept[0]?.boxes).toEqual(expected ? [expected] : []);
    expect(mended.map((note) => note.what)).toEqual(what ? [what] : []);
  });

  it('keeps one of equal boxes, but both when their classes differ', () => {
    const boxes = [box, { ...box, label: 'ball' }, { ...box }, { ...box }];
    const { kept, mended } = cleanFrames([annotatedFrame({ boxes })], { empty: 'drop', names });
    expect(kept[0]?.boxes).toEqual([box, { ...box, label: 'ball' }]);
    expect(mended.map((note) => note.what)).toEqual(['2 boxes removed as duplicate']);
  });

  it('takes boxes of a class that lie on each other for one object drawn twice', () => {
    // 20 x 30 pixels, moved by a quarter of a pixel: IoU 19.75 / 20.25 = 0.975; by one: 19 / 21 = 0.905.
    const boxes = [box, { ...box, x1: 10.25, x2: 30.25 }, { ...box, x1: 11, x2: 31 }];
    const { kept } = cleanFrames([annotatedFrame({ boxes })], { empty: 'drop', names });
    expect(kept[0]?.boxes).toEqual([box, { ...box, x1: 11, x2: 31 }]);
  });

  it('keeps one of two boxes that the label file cannot tell apart', () => {
    const { kept } = cleanFrames([annotatedFrame({ boxes: [box, { ...box, x1: 10 + 1e-9 }] })], {
      empty: 'drop',
      names,
    });
    expect(kept[0]?.boxes).toEqual([box]);
  });
});

describe('cleaning frames', () => {
  it('never lets a frame pass that nobody reviewed, whatever boxes it has', () => {
    const { kept, dropped } = cleanFrames([annotatedFrame({ state: 'not_reviewed' })], { empty: 'keep', names });
    expect(kept).toEqual([]);
    expect(dropped).toEqual([{ frameId: 'file-aaaaaaaaaaaa_000000000', reason: 'not_reviewed' }]);
  });

  it('drops a frame with an unknown class as a whole', () => {
    const frame = annotatedFrame({ boxes: [box, { ...box, label: 'dog' }] });
    expect(cleanFrames([frame], { empty: 'keep', names }).dropped).toEqual([
      { frameId: frame.frameId, reason: 'unknown_class' },
    ]);
  });

  it('treats a frame whose boxes were all removed as empty', () => {
    const frame = annotatedFrame({ boxes: [{ ...box, x2: 10 }] });
    expect(cleanFrames([frame], { empty: 'drop', names }).dropped).toEqual([
      { frameId: frame.frameId, reason: 'empty' },
    ]);
    expect(cleanFrames([frame], { empty: 'keep', names }).kept).toMatchObject([{ state: 'empty', boxes: [] }]);
  });

  const labelled = Array.from({ length: 20 }, (_, i) => annotatedFrame({ ptsMs: i }));
  const empty = Array.from({ length: 9 }, (_, i) => annotatedFrame({ ptsMs: 100 + i, state: 'empty', boxes: [] }));

  it.each([
    ['drop', 0],
    ['keep', 9],
    [0, 0],
    [0.1, 2], // of 20 frames with labels
    [0.29, 5], // 5.8 is cut off: a share is never exceeded
    [1, 9],
  ] as const)('with the policy %s keeps %d of 9 negatives beside 20 labelled frames', (policy, negatives) => {
    const { kept, dropped } = cleanFrames([...labelled, ...empty], { empty: policy, names });
    expect(kept.filter((frame) => frame.state === 'empty')).toHaveLength(negatives);
    expect(kept).toHaveLength(20 + negatives);
    expect(dropped).toHaveLength(9 - negatives);
  });

  it('keeps the same negatives in whatever order the frames come', () => {
    const ids = (frames: typeof labelled) =>
      cleanFrames(frames, { empty: 0.2, names })
        .kept.map((frame) => frame.frameId)
        .sort();
    expect(ids([...empty, ...labelled].reverse())).toEqual(ids([...labelled, ...empty]));
  });

  it('changes nothing in what it was given', () => {
    const frame = annotatedFrame({ boxes: [{ ...box, x1: -5 }] });
    const copy = structuredClone(frame);
    cleanFrames([frame], { empty: 'drop', names });
    expect(frame).toEqual(copy);
  });
});
