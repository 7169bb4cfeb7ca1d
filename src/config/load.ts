import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { describeIssue } from './issues.js';
import { configSchema, type Config, type ConfigOverrides } from './schema.js';

/** A configuration with every path absolute. */
export interface LoadedConfig extends Omit<Config, 'paths'> {
  paths: Record<'data' | 'downloads' | 'output' | 'dataset', string>;
  /** The file it came from; undefined when there was none and the defaults hold. */
  file?: string;
}

/** Looked for in the working folder, in this order, when no file is named. */
const defaultFiles = ['config.yaml', 'config.yml', path.join('data', 'config.yaml')];

/** What holds a path, or a list of paths. */
const pathKeys = [
  ...(['data', 'downloads', 'output', 'dataset'] as const).map((key) => ['paths', key] as const),
  ['sources', 'files'],
  ['youtube', 'cookies'],
  ['youtube', 'plugins'],
] as const;

export interface LoadOptions {
  /** The folder that relative paths start from. */
  folder: string;
  /** A configuration file; default: FRAMELOOP_CONFIG, then the usual names in `folder`. */
  file?: string;
  /** What a command line or a workflow input changes. */
  overrides?: ConfigOverrides;
}

/**
 * Reads the configuration, applies the overrides, checks it and fills in the defaults.
 *
 * @throws PipelineError CONFIG_NOT_FOUND, CONFIG_UNREADABLE (no YAML), CONFIG_INVALID (unknown key, wrong type)
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { folder, overrides = {} } = options;
  const found = await readConfigFile(folder, options.file);
  const { paths, ...rest } = check(mergeOverrides(found?.content ?? {}, overrides), found?.file);
  const data = path.resolve(folder, paths.data);
  const inData = (name: string, given?: string) => (given ? path.resolve(folder, given) : path.join(data, name));
  return {
    ...rest,
    paths: {
      data,
      downloads: inData('videos', paths.downloads),
      output: inData('frames', paths.output),
      dataset: inData('dataset', paths.dataset),
    },
    file: found?.file,
  };
}

/**
 * What a configuration file says, to be laid over the configuration of a worker that may run in another folder: paths are
 * absolute, and schedules, which are no business of a round, are left out. `overrides` are laid over it.
 *
 * @throws PipelineError as {@link loadConfig}
 */
export async function fileAsOverrides(
  folder: string,
  file: string,
  overrides: ConfigOverrides = {},
): Promise<ConfigOverrides> {
  const found = await readConfigFile(folder, file);
  const content = mergeOverrides(found?.content ?? {}, overrides);
  check(content, found?.file);
  const { schedules: _, ...sections } = isObject(content) ? content : {};
  const absolute = (given: unknown) => path.resolve(folder, String(given));
  for (const [section, key] of pathKeys) {
    const inner = sections[section];
    if (!isObject(inner) || inner[key] === undefined) continue;
    const given = inner[key];
    sections[section] = { ...inner, [key]: Array.isArray(given) ? given.map(absolute) : absolute(given) };
  }
  return sections;
}

function check(content: unknown, file: string | undefined): Config {
  const result = configSchema.safeParse(content);
  if (result.success) return result.data;
  throw new PipelineError(
    'CONFIG_INVALID',
    `The configuration${file ? ` ${file}` : ''} is not valid: ${result.error.issues.map(describeIssue).join('; ')}.`,
    { hint: 'docs/configuration.md lists every key with its meaning and default.' },
  );
}

async function readConfigFile(folder: string, named?: string): Promise<{ file: string; content: unknown } | undefined> {
  for (const name of named ? [named] : defaultFiles) {
    const file = path.resolve(folder, name);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      // ENOTDIR: `data` is a file. That is told when something is to be written there.
      if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '') && !named) continue;
      throw new PipelineError(
        'CONFIG_NOT_FOUND',
        `The configuration ${file} cannot be read (${systemErrorCode(error)}).`,
        {
          hint: '`frameloop init` writes one to start from.',
          cause: error,
        },
      );
    }
    const document = parseDocument(text);
    const [problem] = document.errors;
    if (problem) {
      throw new PipelineError(
        'CONFIG_UNREADABLE',
        `The configuration ${file} is no YAML: ${firstLine(problem.message).replace(/:$/, '')}.`,
        {
          hint: 'Check the indentation and the quotes around that line.',
        },
      );
    }
    const content: unknown = document.toJS() ?? {};
    if (!isObject(content)) {
      throw new PipelineError(
        'CONFIG_INVALID',
        `The configuration ${file} holds ${Array.isArray(content) ? 'a list' : 'a single value'} where it must hold keys.`,
        { hint: 'It begins with a section, such as "video:"; docs/configuration.md shows a short one.' },
      );
    }
    return { file, content: withoutEmpty(content) };
  }
  return undefined;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** YAML reads a section with nothing in it (`youtube:`) as null: it means the defaults. */
function withoutEmpty(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutEmpty(inner)]])),
  );
}

/** Objects are merged key by key; anything else, lists too, is replaced. */
function mergeOverrides(base: unknown, overrides: unknown): unknown {
  if (!isObject(base) || !isObject(overrides)) return overrides ?? base;
  const merged = { ...base };
  for (const [key, value] of Object.entries(overrides)) merged[key] = mergeOverrides(base[key], value);
  return merged;
}
