import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { parsePythonLiteral, type PythonValue } from './python-literal.js';

/** Where class names came from: `labels` are the user's own, so a wrong number of them is an error. */
export interface ClassNames {
  names: string[];
  source: 'labels' | 'model' | 'file';
  file?: string;
}

/**
 * The `names` of a model's metadata: `{0: 'person', 1: 'car'}` or `['person', 'car']`.
 * Undefined where there are none or they cannot be read.
 */
export function namesFromMetadata(metadata: Record<string, string>): string[] | undefined {
  const text = metadata['names'];
  if (text === undefined) return undefined;
  let value: PythonValue;
  try {
    value = parsePythonLiteral(text);
  } catch {
    // Another exporter's idea of names: the caller goes on to the next source and says so.
    return undefined;
  }
  return toNames(value instanceof Map ? Object.fromEntries(value) : value);
}

/**
 * Names from a file beside the model: `<model>.txt`, `classes.txt`, `labels.txt` (one name per line) or `data.yaml` (`names:` as
 * Ultralytics writes it), the first that is there.
 *
 * @throws PipelineError LABELS_UNREADABLE when the file is there but says nothing usable
 */
export async function namesBesideModel(modelFile: string): Promise<ClassNames | undefined> {
  const { dir, name } = path.parse(modelFile);
  for (const candidate of [`${name}.txt`, 'classes.txt', 'labels.txt', 'data.yaml']) {
    const file = path.join(dir, candidate);
    const text = await readIfThere(file);
    if (text === undefined) continue;
    const names = candidate.endsWith('.yaml') ? namesFromYaml(file, text) : namesFromLines(text);
    if (!names?.length) throw unreadable(file, 'it holds no names');
    return { names, source: 'file', file };
  }
  return undefined;
}

/** `class0`, `class1` …: what Ultralytics calls classes that nobody named. */
export function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `class${index}`);
}

function namesFromLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function namesFromYaml(file: string, text: string): string[] | undefined {
  try {
    const document: unknown = parseYaml(text);
    return typeof document === 'object' && document !== null && 'names' in document
      ? toNames(document.names)
      : undefined;
  } catch (error) {
    throw unreadable(file, messageOf(error));
  }
}

/** A list of names, or an object whose keys are class numbers; numbers nobody named become `class<n>`. */
function toNames(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).map(([key, name]) => [Number(key), String(name)] as const);
  const count = Math.max(-1, ...entries.map(([index]) => index)) + 1;
  // 100 000 is far beyond any detector: a damaged key must not ask for gigabytes.
  if (!Number.isInteger(count) || count === 0 || count > 100_000) return undefined;
  const names = numberedNames(count);
  for (const [index, name] of entries) {
    if (!Number.isInteger(index) || index < 0) return undefined;
    names[index] = name;
  }
  return names;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw unreadable(file, messageOf(error));
  }
}

function unreadable(file: string, why: string): PipelineError {
  return new PipelineError('LABELS_UNREADABLE', `The class names in '${file}' cannot be used: ${why}.`, {
    hint: 'One name per line (.txt) or `names:` (data.yaml), or give `detector.labels` in the configuration.',
  });
}
