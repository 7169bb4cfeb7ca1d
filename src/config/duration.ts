const unitSeconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;

/**
 * Reads a duration as the configuration has it: a number of seconds, or text such as `"180"`, `"180s"`, `"3m"`,
 * `"2h"`, `"30d"`, `"500ms"`.
 *
 * @returns seconds, or undefined when the text is no duration.
 */
export function parseDuration(value: number | string): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*$/.exec(value);
  if (!match) return undefined;
  return Number(match[1]) * unitSeconds[(match[2] ?? 's') as keyof typeof unitSeconds];
}
