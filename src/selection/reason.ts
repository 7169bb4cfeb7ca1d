import type { Candidate, ComponentScores } from '../common/types.js';
import type { ClassKnowledge } from './class-knowledge.js';
import type { PictureSpace } from './picture-space.js';
import { binaryEntropy } from './scores/entropy.js';

/** An answer of 0.8 bits or more: confidences from about 0.24 to 0.76. */
const UNSURE_BITS = 0.8;
/** Boxes that come and go are worth a word when they add up to one that the model is half sure of. */
const FLICKERS = 0.5;
/** Classes with less than a fifth as many objects as the most frequent one are called rare. */
const RARE = 0.8;
/** About an F1 of 0.7 or less. */
const DIFFICULT = 0.65;

/** "2 of 5 boxes near the threshold": what the model says about the frame, for the person who labels it. */
export function describeBoxes(candidate: Candidate): string {
  const boxes = candidate.detections.length;
  if (boxes === 0) return 'the model sees nothing';
  const unsure = candidate.detections.filter((detection) => binaryEntropy(detection.confidence) >= UNSURE_BITS).length;
  const noun = boxes === 1 ? 'box' : 'boxes';
  if (unsure === 0) return `${boxes} clear ${noun}`;
  return unsure === boxes ? `${boxes} ${noun} near the threshold` : `${unsure} of ${boxes} ${noun} near the threshold`;
}

/** What else speaks for the frame, each in a few words. */
export function describeMerits(candidate: Candidate, scores: ComponentScores, classes: ClassKnowledge): string[] {
  const labels = [...new Set(candidate.detections.map(({ label }) => label))];
  const difficult = labels.filter((label) => classes.difficulty(label) >= DIFFICULT);
  const rare = labels.filter((label) => classes.rarity(label) >= RARE);
  const both = rare.filter((label) => difficult.includes(label));
  const onlyRare = rare.filter((label) => !both.includes(label));
  const onlyDifficult = difficult.filter((label) => !both.includes(label));
  return [
    ...(scores.flicker >= FLICKERS ? ['boxes that come and go between neighbouring frames'] : []),
    ...(both.length > 0 ? [`shows the rare and often corrected ${list(both)}`] : []),
    ...(onlyRare.length > 0 ? [`shows the rare ${list(onlyRare)}`] : []),
    ...(onlyDifficult.length > 0 ? [`${list(onlyDifficult)} often had to be corrected`] : []),
  ];
}

/** "ball, referee and 2 more": a reason is read at a glance. */
function list(labels: readonly string[]): string {
  const named = labels.length > 3 ? labels.slice(0, 2) : labels;
  return named.join(', ') + (named.length < labels.length ? ` and ${labels.length - named.length} more` : '');
}

/** How new the picture is, by its distance from everything labelled before or picked earlier in this round. */
export function describeNovelty(distance: number, space: PictureSpace): string {
  if (distance === Infinity) return 'the first of the round';
  return distance >= space.unlike ? 'unlike anything labelled' : 'a variation of what is labelled';
}
