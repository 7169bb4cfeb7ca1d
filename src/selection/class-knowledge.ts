import { agreementByClass, type EvaluatedFrame } from '../evaluation/index.js';

/** Sharpness of the difficulty weight, as in PPAL. */
const ALPHA = 0.3;

/** What people's corrections say about the classes. */
export interface ClassKnowledge {
  /** How bad the model is at a class, 0..1; 0 for every class while nothing is known. */
  difficulty(label: string): number;
  /** How rare a class is among what is labelled, 0 (the most frequent) to 1 (never seen); 0 while nothing is labelled. */
  rarity(label: string): number;
}

/**
 * Learns from frames that people have corrected. The difficulty of a class is the weight of PPAL's difficulty-calibrated
 * uncertainty sampling, `α ln(1 + (e^(1/α) - 1)(1 - q))`, with the agreement of model and people (F1) in the place of the
 * quality `q` that PPAL takes from training. One right and one wrong box are added to each class, so that a few boxes do
 * not settle it and an unknown class is difficult.
 *
 * Source: C. Yang et al., Plug and Play Active Learning for Object Detection (CVPR 2024, arXiv 2211.11612), section 3.2
 */
export function learnClasses(corrected: readonly EvaluatedFrame[]): ClassKnowledge {
  const labels = new Set(
    corrected.flatMap(({ detections, truth }) => [...detections, ...truth].map(({ label }) => label)),
  );
  if (labels.size === 0) return { difficulty: () => 0, rarity: () => 0 };
  const classes = agreementByClass(corrected, [...labels].sort());
  const quality = new Map(
    classes.map(({ label, hits, objects, detections }) => [label, (2 * hits + 1) / (objects + detections + 2)]),
  );
  const objects = new Map(classes.map((each) => [each.label, each.objects]));
  const most = Math.max(...objects.values());
  return {
    difficulty: (label) => ALPHA * Math.log(1 + (Math.exp(1 / ALPHA) - 1) * (1 - (quality.get(label) ?? 0.5))),
    rarity: (label) => (most === 0 ? 0 : 1 - (objects.get(label) ?? 0) / most),
  };
}
