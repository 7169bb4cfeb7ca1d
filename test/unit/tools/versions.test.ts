import { describe, expect, it } from 'vitest';
import type { ToolName } from '../../../src/tools/index.js';
import { knowsFpsMode, readVersion } from '../../../src/tools/versions.js';

/** First lines as the programs print them. */
const outputs: [ToolName, string, string, boolean][] = [
  ['ffmpeg', 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers', '5.1.9-0+deb12u1', true],
  ['ffmpeg', 'ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright (c)', 'n9.0.2-17-g2a571b6068-20260930', true],
  ['ffmpeg', 'ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c)', '4.4.2-0ubuntu0.22.04.1', true],
  ['ffmpeg', 'ffmpeg version 4.3.9-0+deb11u1 Copyright (c)', '4.3.9-0+deb11u1', false],
  ['ffmpeg', 'ffmpeg version 10.0 Copyright (c)', '10.0', true],
  [
    'ffprobe',
    'ffprobe version N-66595-gc2b38619c0-static x\nlibavutil      58. 14.100 / 58. 14.100',
    'N-66595-gc2b38619c0-static',
    true,
  ],
  // FFmpeg 4.1's libavutil is 56.22.
  [
    'ffprobe',
    'ffprobe version N-92722-gf22fcd4483-static x\nlibavutil      56. 24.101 / 56. 24.101',
    'N-92722-gf22fcd4483-static',
    false,
  ],
  ['yt-dlp', '2026.10.26', '2026.10.26', true],
  ['yt-dlp', '2025.11.12', '2025.11.12', true],
  ['yt-dlp', '2025.04.30', '2025.04.30', false],
  ['temporal', 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)', '1.9.1', true],
  ['temporal', 'temporal version 1.2.0 (Server 1.26.2, UI 2.34.0)', '1.2.0', false],
];

describe('versions of the external programs', () => {
  it.each(outputs)('%s: %s', (tool, output, version, recentEnough) => {
    expect(readVersion(tool, output)).toEqual({ version, recentEnough });
  });

  it('another program under the name is not taken for it', () => {
    expect(readVersion('ffmpeg', 'avconv version 12')).toBeUndefined();
    expect(readVersion('yt-dlp', 'usage: something')).toBeUndefined();
  });

  it.each([
    ['5.0.3', false],
    ['5.1.9-0+deb12u1', true],
    ['n9.0.2-17-g2a571b6068', true],
    ['N-66595-gc2b38619c0-static', true],
    ['4.4', false],
  ])('ffmpeg %s knows -fps_mode: %s', (version, known) => {
    expect(knowsFpsMode(version)).toBe(known);
  });
});
