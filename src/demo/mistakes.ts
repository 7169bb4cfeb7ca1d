import { createHash } from 'node:crypto';
import type { LabelledBox } from '../common/types.js';
import type { CorrectedBox, Correction } from './correct.js';

/**
 * Lets a reviewer err as people do who hurry: what needed a change is overlooked (a false box stays, a missed object is
 * not drawn, a loose box stays loose, a wrong label stays wrong), and a good box gets the wrong label by a slip of the
 * hand, or is deleted where there is only one label. Each decision goes wrong with the same probability, by chance that
 * depends on nothing but the seed, the frame and the decision, so that a review can be repeated.
 *
 * @param rate 0..1
 * @returns the correction with its mistakes, and how many they are
 */
export function withMistakes(
  correction: Correction,
  {
    preLabels,
    labels,
    frame,
    rate,
    seed,
  }: { preLabels: readonly LabelledBox[]; labels: readonly string[]; frame: string; rate: number; seed: number },
): { correction: Correction; mistakes: number } {
  const err = (what: string): boolean => chance(`${seed}/${frame}/${what}`) < rate;
  const decided = new Map(correction.boxes.map((box) => [box.preLabel, box]));
  const boxes: CorrectedBox[] = [];
  let deleted = 0;
  let mistakes = 0;
  const leave = (preLabel: LabelledBox, index: number): void => {
    boxes.push({ ...preLabel, decision: 'kept', preLabel: index });
  };

  preLabels.forEach((preLabel, index) => {
    const box = decided.get(index);
    const mistaken = err(`pre-label ${index}`);
    if (mistaken) mistakes++;
    if (!mistaken) {
      if (box) boxes.push(box);
      else deleted++;
    } else if (box?.decision === 'kept') {
      const others = labels.filter((label) => label !== box.label);
      const label = others[Math.floor(chance(`${seed}/${frame}/label ${index}`) * others.length)];
      if (label === undefined) deleted++;
      else boxes.push({ ...box, label, decision: 'relabelled' });
    } else {
      leave(preLabel, index);
    }
  });
  correction.boxes
    .filter((box) => box.decision === 'added')
    .forEach((box, index) => {
      if (err(`object ${index}`)) mistakes++;
      else boxes.push(box);
    });
  return { correction: { boxes, deleted }, mistakes };
}

/** A number in 0..1, evenly spread over different texts, and always the same for the same text. */
function chance(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
