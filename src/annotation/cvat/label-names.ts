import type { DownloadRequest } from '../types.js';

export interface LabelNames {
  /** Class names by label id. */
  byId: Map<number, string>;
  /** Class names by the label's present name, which is what an exported file holds. */
  byName: Map<string, string>;
  warnings: string[];
}

/**
 * What the labels of the project are called in the dataset. A label that was renamed since the task was made keeps its
 * old name, because its id says that it is the same thing; one that stands for a class of the model gets the class's.
 */
export function labelNames(
  current: readonly { id: number; name: string }[],
  { plannedLabels = [], classOf = {} }: Pick<DownloadRequest, 'plannedLabels' | 'classOf'>,
): LabelNames {
  const planned = new Map(plannedLabels.map(({ id, name }) => [id, name]));
  const names: LabelNames = { byId: new Map(), byName: new Map(), warnings: [] };
  for (const { id, name } of current) {
    const before = planned.get(id) ?? name;
    if (before !== name)
      names.warnings.push(`The label ${before} is called ${name} in CVAT now; it stays ${before} here`);
    const dataset = Object.hasOwn(classOf, before) ? classOf[before]! : before;
    names.byId.set(id, dataset);
    names.byName.set(name, dataset);
    planned.delete(id);
  }
  for (const name of planned.values()) {
    names.warnings.push(`The label ${name} was deleted in CVAT, and with it every box that had it`);
  }
  return names;
}
