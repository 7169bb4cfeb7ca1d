/** `npm run bench -- <name> [options]`: runs one measurement. Each prints ratios against a baseline of the same run. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** What every file of this folder exports. */
interface Bench {
  description: string;
  /** Gets the arguments after the name; sets `process.exitCode` to 1 where a target was missed. */
  run: (args: string[]) => Promise<void>;
}

const [name, ...args] = process.argv.slice(2);
const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => path.basename(file, '.ts'));

async function load(bench: string): Promise<Bench> {
  return (await import(`./${bench}.ts`)) as Bench;
}

if (name !== undefined && names.includes(name)) {
  await (await load(name)).run(args);
} else {
  console.error('Usage: npm run bench -- <name> [options]\n');
  for (const bench of names) console.error(`  ${bench.padEnd(10)} ${(await load(bench)).description}`);
  process.exitCode = name === undefined ? 0 : 2;
}
