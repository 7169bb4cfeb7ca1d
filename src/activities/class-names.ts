import { PipelineError } from '../common/errors.js';
import type { ReviewedFrame } from '../common/types.js';
import type { LoadedConfig } from '../config/index.js';
import type { RoundFile } from './round-file.js';

/**
 * A wrong class name in the configuration would otherwise fail every video of a round, one by one, or do nothing without
 * a word.
 * @param names the classes of the model
 * Throws CLASS_UNKNOWN.
 */
export function requireKnownClasses({ detector, cvat, selection }: LoadedConfig, names: readonly string[]): void {
  const named = {
    'detector.classes': detector.classes ?? [],
    'cvat.labels': Object.keys(cvat.labels),
    'cvat.thresholds': Object.keys(cvat.thresholds),
    'selection.per_class': Object.keys(selection?.per_class ?? {}),
  };
  for (const [key, classes] of Object.entries(named)) {
    const unknown = classes.find((label) => !names.includes(label));
    if (unknown === undefined) continue;
    throw new PipelineError('CLASS_UNKNOWN', `${key} names "${unknown}", which the model does not know.`, {
      hint: `It knows: ${names.slice(0, 100).join(', ') || '(no names)'}.`,
    });
  }
}

/**
 * The classes of the dataset: the model's first, in its order; then what else people could choose in the project; then
 * labels that were added to it since.
 */
export function classNames({ model, project, config }: RoundFile, frames: readonly ReviewedFrame[]): string[] {
  const ofModel = config.detector.classes ?? model?.names ?? [];
  const classOf = classesByLabel(config.cvat.labels);
  const ofProject = (project?.labels ?? []).map(({ name }) => classOf[name] ?? name);
  const added = frames.flatMap(({ boxes }) => boxes.map(({ label }) => label)).sort();
  return [...new Set([...ofModel, ...ofProject, ...added])];
}

/**
 * Label of the project → class of the model, from `cvat.labels`. Where several classes have one label, the first one gets
 * its boxes.
 */
export function classesByLabel(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  // Without a prototype: a label may be called anything.
  const classes = Object.create(null) as Record<string, string>;
  for (const [name, label] of Object.entries(labels)) classes[label] ??= name;
  return classes;
}
