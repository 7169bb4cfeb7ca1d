import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project.js';
import type { ToolName } from './types.js';

/** What to ask a program for its version, and the oldest one that does all we need. */
interface VersionRule {
  /** The environment variable that may name the program. */
  environment: string;
  arguments: readonly string[];
  /** Regular expression; the first group is the version. */
  pattern: string;
  minimum: string;
  /** For FFmpeg: builds from its development branch state no version of their own, but always their libraries'. */
  minimumLibavutil?: string;
}

/**
 * One file for the set-up script and for us. The minima: FFmpeg 4.4, since bit-exact scaling, protocol_whitelist and
 * showinfo's checksum option behave as the frame sampler expects; yt-dlp 2025.11.12, the first release that runs
 * YouTube's player code in an external JavaScript runtime.
 */
export const versionRules = JSON.parse(
  readFileSync(path.join(projectRoot(), 'scripts', 'tools.json'), 'utf8'),
) as Readonly<Record<ToolName, VersionRule>>;

/**
 * What a program's version output says about it: the version as stated, and whether it is recent enough.
 * `undefined` when the output is not that program's.
 */
export function readVersion(tool: ToolName, output: string): { version: string; recentEnough: boolean } | undefined {
  const { pattern, minimum, minimumLibavutil } = versionRules[tool];
  const version = new RegExp(pattern, 'm').exec(output)?.[1];
  if (version === undefined) return undefined;
  const numbers = numbersOf(version);
  if (numbers !== undefined) return { version, recentEnough: compareVersions(numbers, numbersOf(minimum) ?? []) >= 0 };
  const libavutil = /^libavutil\s+(\d+)\.\s*(\d+)/m.exec(output);
  const library = libavutil === null ? [] : [Number(libavutil[1]), Number(libavutil[2])];
  return { version, recentEnough: compareVersions(library, numbersOf(minimumLibavutil ?? '') ?? []) >= 0 };
}

/**
 * Whether this FFmpeg spells the frame rate mode `-fps_mode`. It came with 5.1, and `-vsync` is gone since 9.
 * Development builds (`N-…`) that are still in use are newer than 5.1.
 */
export function knowsFpsMode(version: string): boolean {
  const numbers = numbersOf(version);
  return numbers === undefined || compareVersions(numbers, [5, 1]) >= 0;
}

/** `n9.0.2-17-g2a57` → [9, 0, 2]; undefined for `N-66595-gc2b3`, which counts commits and is no version. */
function numbersOf(version: string): number[] | undefined {
  return /^[nv]?(\d+(?:\.\d+)*)/.exec(version)?.[1]?.split('.').map(Number);
}

/** Negative when `a` is older than `b`; missing parts count as 0. */
function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let part = 0; part < Math.max(a.length, b.length); part++) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
