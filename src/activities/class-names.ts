import type { ReviewedFrame } from '../common/types.js';
import type { RoundFile } from './round-file.js';

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
