import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localSource } from '../../src/video/index.js';
import type { ContentMemory } from '../../src/video/sources/source.js';
import { list as listAll } from './sources-site.js';
import { temporaryFolder } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
const at = (...names: string[]): string => path.join(folder, ...names);
const list = async (input: string): Promise<(string | undefined)[]> =>
  (await listAll(localSource(input))).map(({ video }) => video.file);

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  await mkdir(at('season', 'day [1]'), { recursive: true });
  await mkdir(at('season', '.partial'));
  await mkdir(at('nothing'));
  for (const [name, content] of [
    ['b.MP4', 'b'],
    ['a.mkv', 'a'],
    ['copy-of-a.mp4', 'a'],
    ['notes.txt', 'words'],
    ['day [1]/c.webm', 'c'],
    ['.partial/half.mp4', 'half'],
  ] as const) {
    await writeFile(at('season', name), content);
  }
  await writeFile(at('nothing', 'notes.txt'), 'words');
});
afterAll(() => remove());

describe('local videos', () => {
  it('a folder with all below it, by name, each content once, nothing hidden', async () => {
    expect(await list(at('season'))).toEqual([
      at('season', 'a.mkv'),
      at('season', 'b.MP4'),
      at('season', 'day [1]', 'c.webm'),
    ]);
  });

  it('a file, whatever its name, keyed by its content', async () => {
    // printf words | sha256sum
    const contentSha256 = 'dba36bffa5cab0f922d087a3aeb179f9d4e745df40b323e1b1471402848c8a3e';
    const file = at('season', 'notes.txt');
    expect(await listAll(localSource(file))).toEqual([
      {
        video: { videoKey: `file-${contentSha256.slice(0, 12)}`, source: 'file', file, title: 'notes', contentSha256 },
      },
    ]);
  });

  it('a glob, and a file whose name looks like one', async () => {
    expect(await list(`${folder}/season/*.m*`)).toEqual([at('season', 'a.mkv')]);
    expect(await list(`${folder}/**/*.{webm,mkv}`)).toEqual([at('season', 'a.mkv'), at('season', 'day [1]', 'c.webm')]);
    expect(await list(at('season', 'day [1]', 'c.webm'))).toEqual([at('season', 'day [1]', 'c.webm')]);
  });

  it('a file that did not change is not read again; one that changed is', async () => {
    const contents = new Map<string, string>();
    const memory: ContentMemory = {
      sha256Of: (state) => Promise.resolve(contents.get(JSON.stringify(state))),
      remember: (state, sha256) => Promise.resolve(void contents.set(JSON.stringify(state), sha256)),
    };
    const file = at('changing.mp4');
    const keys = async (): Promise<string[]> => {
      const found: string[] = [];
      const context = { isKnown: () => Promise.resolve(false), contents: memory };
      for await (const { video } of localSource(file).list(context)) found.push(video.videoKey);
      return found;
    };
    await writeFile(file, 'abc');
    // SHA-256 of "abc" as FIPS 180-2 gives it: ba7816bf 8f01cfea …
    expect(await keys()).toEqual(['file-ba7816bf8f01']);
    for (const [state] of contents) contents.set(state, 'remembered00');
    expect(await keys()).toEqual(['file-remembered00']);
    await writeFile(file, 'abcd');
    // printf abcd | sha256sum
    expect(await keys()).toEqual(['file-88d4266fd4e6']);
  });

  it('a folder or glob without videos, and a file that is not there, say so by name', async () => {
    const named = expect.stringContaining(at('nothing')) as string;
    await expect(list(at('nothing'))).rejects.toMatchObject({ code: 'NO_VIDEOS_FOUND', message: named });
    await expect(list(`${at('nothing')}/*.mp4`)).rejects.toMatchObject({ code: 'NO_VIDEOS_FOUND', message: named });
    await expect(list(at('nothing', 'x.mp4'))).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND', message: named });
  });
});
