import { parse } from 'yaml';
import { PipelineError, messageOf } from '../common/errors.js';
import type { Split } from './types.js';

/**
 * `data.yaml` as Ultralytics loads it. `path` is left out on purpose: then the folders are looked for beside the file,
 * wherever the dataset is moved to. The version is a comment, because unknown keys are none of Ultralytics' business.
 */
export function printDataYaml(
  names: readonly string[],
  version: string,
  framesBySplit: Readonly<Record<Split, number>>,
): string {
  const noVal = framesBySplit.val === 0;
  return [
    `# Frameloop dataset, version ${version}`,
    `train: images/train`,
    ...(noVal
      ? ['# There are no validation frames yet, and Ultralytics refuses an empty val: these are the training frames.']
      : []),
    `val: images/${noVal ? 'train' : 'val'}`,
    ...(framesBySplit.test > 0 ? ['test: images/test'] : []),
    'names:',
    // A JSON string is a YAML string. Always quoted: YAML 1.1, which Python reads, takes a bare `yes` for a truth value.
    ...names.map((name, id) => `  ${id}: ${JSON.stringify(name)}`),
    '',
  ].join('\n');
}

/** The parts of a `data.yaml` that we need to know again. */
export interface DataYaml {
  names: string[];
  version?: string;
  /** Folder of each side, as written. */
  folders: Partial<Record<Split, string>>;
}

/** Reads what {@link printDataYaml} wrote, also with `names` as a list; throws `DATASET_DAMAGED`. */
export function parseDataYaml(text: string): DataYaml {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw damaged(messageOf(error));
  }
  const { names, train, val, test } = (data ?? {}) as Record<string, unknown>;
  if (typeof names !== 'object' || names === null) throw damaged('it has no names');
  const entries = Object.entries(names);
  const inOrder = entries.every(([id, name], index) => id === String(index) && typeof name === 'string');
  if (!inOrder) throw damaged('its names are not numbered 0, 1, 2 …');
  const folder = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    names: entries.map(([, name]) => name as string),
    version: /^# Frameloop dataset, version ([0-9a-f]{12})$/m.exec(text)?.[1],
    folders: { train: folder(train), val: folder(val), test: folder(test) },
  };
}

function damaged(why: string): PipelineError {
  return new PipelineError('DATASET_DAMAGED', `data.yaml of the dataset cannot be read: ${why}.`, {
    hint: 'Restore data.yaml from a copy: its names give the class ids in the label files their meaning.',
  });
}
