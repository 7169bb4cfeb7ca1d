import type { ToolName } from './types.js';

/** What to ask each program for its version, and the oldest one that does all we need. */
interface VersionRule {
  arguments: readonly string[];
  /** The first group is the version. */
  pattern: RegExp;
  minimum: string;
}

export const versionRules: Readonly<Record<ToolName, VersionRule>> = {
  // 4.4: bit-exact scaling, protocol_whitelist and showinfo's checksum option behave as the frame sampler expects.
  ffmpeg: { arguments: ['-hide_banner', '-version'], pattern: /^ffmpeg version (\S+)/m, minimum: '4.4' },
  ffprobe: { arguments: ['-hide_banner', '-version'], pattern: /^ffprobe version (\S+)/m, minimum: '4.4' },
  // The first release that runs YouTube's player code in an external JavaScript runtime; older ones fail there.
  'yt-dlp': {
    arguments: ['--ignore-config', '--version'],
    pattern: /^(\d{4}\.\d{1,2}\.\d{1,2}\S*)/m,
    minimum: '2025.11.12',
  },
  temporal: { arguments: ['--version'], pattern: /^temporal version v?(\d\S*)/m, minimum: '1.3' },
};

/** libavutil of FFmpeg 4.4: builds from the development branch state no FFmpeg version, but always their libraries'. */
const oldestLibavutil = [56, 70];

/**
 * What a program's version output says about it: the version as stated, and whether it is recent enough.
 * `undefined` when the output is not that program's.
 */
export function readVersion(tool: ToolName, output: string): { version: string; recentEnough: boolean } | undefined {
  const { pattern, minimum } = versionRules[tool];
  const version = pattern.exec(output)?.[1];
  if (version === undefined) return undefined;
  const numbers = numbersOf(version);
  if (numbers !== undefined) return { version, recentEnough: compareVersions(numbers, numbersOf(minimum) ?? []) >= 0 };
  const libavutil = /^libavutil\s+(\d+)\.\s*(\d+)/m.exec(output);
  const library = libavutil === null ? [] : [Number(libavutil[1]), Number(libavutil[2])];
  return { version, recentEnough: compareVersions(library, oldestLibavutil) >= 0 };
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
