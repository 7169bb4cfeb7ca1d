import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchTool } from '../../../src/tools/find.js';
import { projectRoot, toolsFolder, type Tool } from '../../../src/tools/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-tools-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A program that answers only for its version: enough for the search. */
async function program(name: string, answer: string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(file, 0o755);
  return file;
}

describe.skipIf(process.platform === 'win32')('where programs are looked for', () => {
  it('what the environment names comes first', async () => {
    const named = await program('mine/ff', 'ffmpeg version 7.1 Copyright');
    await program('bin/ffmpeg', 'ffmpeg version 6.0 Copyright');
    const found = await searchTool('ffmpeg', { FFMPEG_PATH: named, PATH: path.join(folder, 'bin') });
    const expected: Tool = { name: 'ffmpeg', path: named, version: '7.1', source: 'environment' };
    expect(found).toEqual(expected);
  });

  it('on PATH the first one that is recent enough is taken', async () => {
    await program('old/yt-dlp', '2023.03.04');
    const good = await program('good/yt-dlp', '2026.01.01');
    const PATH = ['missing', 'old', 'good'].map((name) => path.join(folder, name)).join(path.delimiter);
    expect(await searchTool('yt-dlp', { PATH })).toMatchObject({ path: good, source: 'path', version: '2026.01.01' });
  });

  it.each([
    ['is not there', () => Promise.resolve(path.join(folder, 'nowhere')), 'TOOL_MISSING'],
    ['is a folder', () => Promise.resolve(folder), 'TOOL_MISSING'],
    ['is another program', () => program('other', 'hello'), 'TOOL_MISSING'],
    ['is too old', () => program('ancient', 'temporal version 1.0.0 (Server 1)'), 'TOOL_TOO_OLD'],
  ])('a path in the environment that %s is an error, even if PATH has a good one', async (_, make, code) => {
    await program('good/temporal', 'temporal version 1.9.1 (Server 1)');
    const environment = { TEMPORAL_CLI_PATH: await make(), PATH: path.join(folder, 'good') };
    await expect(searchTool('temporal', environment)).rejects.toMatchObject({
      code,
      retryable: false,
      message: expect.stringContaining(environment.TEMPORAL_CLI_PATH) as string,
      hint: expect.stringContaining('npm run setup') as string,
    });
  });

  it('ffprobe is there without any set-up, from its npm package', async () => {
    const { source, path: file } = await searchTool('ffprobe', { PATH: folder });
    expect(source).toBe('project');
    expect(path.basename(file)).toMatch(/^ffprobe/);
  });
});

it('the project is where its package.json is', async () => {
  const manifest = (await import(path.join(projectRoot(), 'package.json'), { with: { type: 'json' } })) as {
    default: { name: string };
  };
  expect(manifest.default.name).toBe('frameloop');
  expect(toolsFolder()).toBe(path.join(projectRoot(), '.tools'));
});
