import { describe, expect, it } from 'vitest';
import type { LabelledBox } from '../../../src/common/types.js';
import { correctFrame, type Correction } from '../../../src/demo/correct.js';

/** A box of 10 x 10 pixels, moved to the right: against `at(0)`, a shift of d overlaps by (10 - d) / (10 + d). */
const at = (x: number, label = 'player'): LabelledBox => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });

/** Which decision was made, and where the box is afterwards. */
const outcome = ({ boxes, deleted }: Correction) => ({
  boxes: boxes.map((box) => `${box.decision} ${box.label} at ${box.x1}`),
  deleted,
});

describe('the scripted reviewer corrects a frame', () => {
  // The overlaps beside the cases are computed by hand: (10 - d) / (10 + d).
  it.each<{ case: string; preLabels: LabelledBox[]; truth: LabelledBox[]; boxes: string[]; deleted: number }>([
    { case: 'nothing there, nothing said', preLabels: [], truth: [], boxes: [], deleted: 0 },
    { case: 'keeps an exact box', preLabels: [at(0)], truth: [at(0)], boxes: ['kept player at 0'], deleted: 0 },
    {
      case: 'keeps a good box as it is (9.5/10.5 = 0.90)',
      preLabels: [at(0.5)],
      truth: [at(0)],
      boxes: ['kept player at 0.5'],
      deleted: 0,
    },
    {
      case: 'moves a loose box (9/11 = 0.82)',
      preLabels: [at(1)],
      truth: [at(0)],
      boxes: ['moved player at 0'],
      deleted: 0,
    },
    {
      case: 'takes 0.6 for the same object (7.5/12.5)',
      preLabels: [at(2.5)],
      truth: [at(0)],
      boxes: ['moved player at 0'],
      deleted: 0,
    },
    {
      case: 'takes 0.43 for another one (6/14)',
      preLabels: [at(4)],
      truth: [at(0)],
      boxes: ['added player at 0'],
      deleted: 1,
    },
    {
      case: 'relabels a box of the wrong class',
      preLabels: [at(0, 'referee')],
      truth: [at(0)],
      boxes: ['relabelled player at 0'],
      deleted: 0,
    },
    {
      case: 'relabels and moves a loose one',
      preLabels: [at(1, 'ball')],
      truth: [at(0)],
      boxes: ['relabelled player at 0'],
      deleted: 0,
    },
    { case: 'deletes a false alarm', preLabels: [at(50)], truth: [], boxes: [], deleted: 1 },
    { case: 'adds what was missed', preLabels: [], truth: [at(7, 'ball')], boxes: ['added ball at 7'], deleted: 0 },
    {
      case: 'gives an object found twice to the better box (0.82 against 0.90)',
      preLabels: [at(1), at(0.5)],
      truth: [at(0)],
      boxes: ['kept player at 0.5'],
      deleted: 1,
    },
    {
      case: 'pairs the best overlap first, even if a later pair gets a worse one',
      // Box 2 overlaps objects 0 by 8/12 = 0.67 and 3 by 9/11 = 0.82; box 3.5 overlaps object 3 by 0.90 and wins it.
      preLabels: [at(2), at(3.5)],
      truth: [at(0), at(3)],
      boxes: ['moved player at 0', 'kept player at 3.5'],
      deleted: 0,
    },
    {
      case: 'prefers the right label where two boxes overlap equally',
      preLabels: [at(0, 'referee'), at(0, 'player')],
      truth: [at(0)],
      boxes: ['kept player at 0'],
      deleted: 1,
    },
    {
      case: 'names pre-labels first, in their order, then additions',
      preLabels: [at(200), at(100)],
      truth: [at(300), at(100), at(200)],
      boxes: ['kept player at 200', 'kept player at 100', 'added player at 300'],
      deleted: 0,
    },
  ])('$case', ({ preLabels, truth, boxes, deleted }) => {
    expect(outcome(correctFrame(preLabels, truth))).toEqual({ boxes, deleted });
  });

  it('leaves a corrected frame alone the second time', () => {
    const truth = [at(0), at(30, 'ball')];
    const first = correctFrame([at(1), at(60)], truth);
    expect(outcome(correctFrame(first.boxes, truth)).boxes).toEqual(['kept player at 0', 'kept ball at 30']);
  });
});
