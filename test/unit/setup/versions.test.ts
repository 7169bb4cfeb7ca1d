import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAtLeast, readVersion, type ToolRule } from '../../../scripts/setup/versions.mjs';

const rules = JSON.parse(readFileSync(new URL('../../../scripts/tools.json', import.meta.url), 'utf8')) as Record<
  'ffmpeg' | 'ffprobe' | 'yt-dlp' | 'temporal',
  ToolRule
>;

describe('comparing versions', () => {
  it.each([
    ['4.4', '4.4', true],
    ['4.3.9', '4.4', false],
    ['4.10', '4.4', true],
    ['10.0', '9.9', true],
    ['4.4.0', '4.4', true],
    ['4', '4.4', false],
    ['2025.11.12', '2025.11.12', true],
    ['2025.10.30', '2025.11.12', false],
    ['2026.01.05', '2025.11.12', true],
    ['n7.1-12-gabc', '4.4', true],
  ])('%s is at least %s: %s', (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });
});

// In the form in which Debian's packages, static builds, PyPI's packages and Temporal's releases state it.
describe('reading what programs say of themselves', () => {
  it.each([
    ['ffmpeg', 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers\n', true],
    ['ffmpeg', 'ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright (c) 2000-2026\n', true],
    ['ffmpeg', 'ffmpeg version 4.1-static https://johnvansickle.com/ffmpeg/  Copyright (c) 2000-2018\n', false],
    // A development build has no version of its own; FFmpeg 4.4 came with libavutil 56.70, 4.3 with 56.51.
    ['ffprobe', 'ffprobe version N-66595-gc2b38619c0-static Copyright\nlibavutil      58.  2.100 / 58.  2.100\n', true],
    [
      'ffprobe',
      'ffprobe version N-60236-gffb000fff8-static Copyright\nlibavutil      56. 51.100 / 56. 51.100\n',
      false,
    ],
    ['yt-dlp', '2026.10.26\n', true],
    ['yt-dlp', '2023.03.04\n', false],
    ['temporal', 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)\n', true],
    ['temporal', 'temporal version 1.2.0 (Server 1.26.2, UI 2.34.0)\n', false],
  ] as const)('%s: %s', (tool, output, recentEnough) => {
    expect(readVersion(rules[tool], output)?.recentEnough).toBe(recentEnough);
  });

  it('does not take another program for the one it looks for', () => {
    expect(readVersion(rules.ffmpeg, 'ffprobe version 7.1 Copyright\n')).toBeUndefined();
    expect(readVersion(rules.temporal, 'command not found\n')).toBeUndefined();
  });
});
