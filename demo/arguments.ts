import type { FootageLeague } from './world/plan.js';

/** Reading the arguments of the scripts in this folder. */

export class ArgumentError extends Error {}

/** A number from an option. @throws ArgumentError */
export function numberOption(
  name: string,
  value: string,
  limits: { min: number; max: number; whole?: boolean },
): number {
  const number = Number(value);
  const { min, max, whole } = limits;
  if (value.trim() === '' || !(number >= min && number <= max) || (whole === true && !Number.isInteger(number))) {
    throw new ArgumentError(
      `--${name} must be a ${whole === true ? 'whole ' : ''}number from ${min} to ${max}, not "${value}".`,
    );
  }
  return number;
}

/** @throws ArgumentError */
export function sizeOption(value: string): { width: number; height: number } {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(value)?.map(Number) ?? [];
  const fits = (side: number | undefined): side is number =>
    side !== undefined && side >= 64 && side <= 4096 && side % 2 === 0;
  if (!fits(width) || !fits(height)) {
    throw new ArgumentError(`--size must be WIDTHxHEIGHT with even numbers from 64 to 4096, not "${value}".`);
  }
  return { width, height };
}

/** @throws ArgumentError */
export function leagueOption(value: string): FootageLeague {
  if (value === 'daylight' || value === 'floodlit' || value === 'mixed') return value;
  throw new ArgumentError(`--league must be daylight, floodlit or mixed, not "${value}".`);
}

/** @throws ArgumentError */
export function requiredOption(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new ArgumentError(`--${name} is missing.`);
  return value;
}

/** Runs a script; wrong arguments end it with exit code 2 and a line on how to call it. */
export async function runScript(usage: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const wrongUse = error instanceof ArgumentError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS_');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (wrongUse === true) process.stderr.write(`Usage: ${usage}\n`);
    process.exitCode = wrongUse === true ? 2 : 1;
  }
}
