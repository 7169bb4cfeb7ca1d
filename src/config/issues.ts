import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { configSchema } from './schema.js';

/** The part of zod's JSON Schema that names the known keys. */
interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
}

/** The keys that the configuration knows at `path`; empty where anything may stand. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let node: SchemaNode | undefined = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
  }) as SchemaNode;
  for (const key of path) {
    node = typeof key === 'number' ? node?.items : node?.properties?.[String(key)];
  }
  return Object.keys(node?.properties ?? {});
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  );
}

/** One issue of a configuration in one sentence; an unknown key names the nearest known one. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys
      .map((key) => {
        const nearest = known.length > 0 ? ` (did you mean "${pathText([...issue.path, closest(key, known)])}"?)` : '';
        return `unknown key "${pathText([...issue.path, key])}"${nearest}`;
      })
      .join('; ');
  }
  return `"${pathText(issue.path) || 'configuration'}": ${issue.message}`;
}
