import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, loadDotEnv } from '../../../src/config/index.js';
import { configSchema } from '../../../src/config/schema.js';
import { codeIn, inProject, read, tableRows } from './files.js';

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
}

/** Dotted names of everything that can be set; the keys of a list's items follow `[]`. */
function keysOf(node: SchemaNode, prefix = ''): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, inner]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    if (inner.properties) return keysOf(inner, name);
    return [name, ...(inner.items?.properties ? keysOf(inner.items, `${name}[]`) : [])];
  });
}

const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
const keys = keysOf(schema);
const rows = tableRows('docs/configuration.md').filter(([key = '']) => /^`[a-z]/.test(key));

/** The value of a dotted key. */
function at(config: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], config);
}

describe('docs/configuration.md', () => {
  it('names every key of the configuration', () => {
    const text = codeIn(read('docs/configuration.md'));
    const missing = keys.filter((key) => !text.includes(key.replace(/^.*\[\]\./, '')));
    expect(keys.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  it('names no key that does not exist', () => {
    const documented = rows.flatMap(([key = '']) => codeIn(key));
    expect(documented.filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('states the defaults that hold', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-docs-'));
    try {
      const empty = await loadConfig({ folder, overrides: { selection: {} } });
      for (const row of rows) {
        const [key = ''] = codeIn(row[0] ?? '');
        const [value] = codeIn(row[2] ?? '');
        const holds = at(empty, key);
        if (key.startsWith('paths.')) {
          expect(holds, key).toBe(path.join(folder, (value ?? '').replace('<data>', 'data')));
        } else if (value === undefined) {
          // in words: nothing is set, or (threads) the machine decides
          expect(holds === undefined || (Array.isArray(holds) && holds.length === 0), `${key} has a default`).toBe(
            true,
          );
        } else {
          const parts = key.split('.');
          const overrides = parts.reduceRight<unknown>((inner, part) => ({ [part]: inner }), parse(value));
          const set = await loadConfig({ folder, overrides: { selection: {}, ...(overrides as object) } });
          expect(holds, key).toEqual(at(set, key));
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('names every variable of .env.example', () => {
    const variables = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
    const documented = codeIn(read('docs/configuration.md'));
    const isDocumented = (name: string) =>
      documented.some((code) => code === name || (code.endsWith('…') && name.startsWith(code.slice(0, -1))));
    expect(variables.length).toBeGreaterThan(10);
    expect(variables.filter((name) => !isDocumented(name))).toEqual([]);
  });

  it('shows a short form that loads as it is', () => {
    const [, block = ''] = /## The short form[\s\S]*?```yaml\n([\s\S]*?)```/.exec(read('docs/configuration.md')) ?? [];
    expect(configSchema.parse(parse(block)).video.framerate).toBe(180);
  });
});

describe('the examples', () => {
  it('config.example.yaml loads as it is: frames every 2 s, 100 of them for people, no video yet', async () => {
    const config = await loadConfig({ folder: inProject(''), file: 'config.example.yaml' });
    expect(config.video.framerate).toBe(2);
    expect(config.selection?.budget).toBe(100);
    expect(config.sources).toMatchObject({ urls: [], files: [] });
    expect(config.youtube.queries).toEqual([]);
    expect(config.schedules).toEqual([]);
    expect(Object.values(config.steps).every(({ enabled }) => enabled)).toBe(true);
  });

  it('everything that config.example.yaml has commented out loads too', () => {
    const text = read('config.example.yaml')
      .replaceAll(/^( *)# {2}- /gm, '$1  - ')
      .replaceAll(/^( *)#(\w+: )/gm, '$1$2');
    const config = configSchema.parse(parse(text));
    expect(config.sources.files).toEqual(['videos', '/mnt/matches/**/*.mp4']);
    expect(config.sources.urls).toHaveLength(1);
    expect(config.youtube).toMatchObject({ queries: ['Resumen la liga EA', 'Resumen Serie A'], max_duration: 1800 });
    expect(config.detector.labels).toEqual(['player', 'referee', 'ball']);
    expect(config.schedules.map(({ id }) => id)).toEqual(['weekly', 'nightly-search']);
  });

  it('.env.example sets nothing, so it can be copied before anything is filled in', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-docs-'));
    try {
      await copyFile(inProject('.env.example'), path.join(folder, '.env'));
      const env: NodeJS.ProcessEnv = {};
      await loadDotEnv(folder, env);
      expect(env).toEqual({});
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
