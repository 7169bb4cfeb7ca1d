import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileAsOverrides, loadConfig } from '../../../src/config/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(yaml: string, overrides?: Record<string, unknown>) {
  await writeFile(path.join(folder, 'config.yaml'), yaml);
  return loadConfig({ folder, overrides });
}

/** The error for a configuration that must not load. */
async function refusal(yaml: string, overrides?: Record<string, unknown>) {
  return load(yaml, overrides).then(
    () => expect.fail(`this loaded: ${yaml}`),
    (error: unknown) => error as { code: string; message: string; hint?: string },
  );
}

/** The format that users of the plain pipeline have; it must load exactly as it is. */
const plainFormat = `
paths:
  downloads: "downloads"
  output: "assets/frames"
youtube:
  queries: ["Resumen la liga EA", "Resumen Serie A"]
  num_videos: 3
  resolution: "720"
video:
  framerate: 180
cvat:
  task_name: "auto"
  annotations_format: "YOLOv8 Detection 1.0"
steps:
  download_videos:
    enabled: true
  fix_video_format:
    enabled: true
  process_videos:
    enabled: true
  upload_labels:
    enabled: false
  download_labels:
    enabled: false
  clear_empty_labels:
    enabled: true
`;

describe('the plain format', () => {
  it('loads exactly as it is', async () => {
    const config = await load(plainFormat);
    expect(config.paths).toEqual({
      data: path.join(folder, 'data'),
      downloads: path.join(folder, 'downloads'),
      output: path.join(folder, 'assets/frames'),
      dataset: path.join(folder, 'data/dataset'),
    });
    expect(config.youtube).toMatchObject({
      queries: ['Resumen la liga EA', 'Resumen Serie A'],
      num_videos: 3,
      resolution: 720,
    });
    expect(config.video.framerate).toBe(180);
    expect(config.cvat).toMatchObject({ task_name: 'auto', annotations_format: 'YOLOv8 Detection 1.0' });
    const off = Object.entries(config.steps).filter(([, { enabled }]) => !enabled);
    expect(off.map(([name]) => name)).toEqual(['upload_labels', 'download_labels']);
  });

  it('sends every frame to people: selection is off unless it is asked for', async () => {
    expect((await load(plainFormat)).selection).toBeUndefined();
  });
});

describe('what stands for the defaults', () => {
  it.each([
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['sections with nothing in them', 'youtube:\nvideo:\nsteps:\nsources:\n  files:\n  urls:\ndataset:\n  split:\n'],
    ['keys with nothing behind them', 'video:\n  framerate:\n  max_frames:\nsteps:\n  upload_labels:\n'],
  ])('%s', async (_, yaml) => {
    const { file: _file, ...config } = await load(yaml);
    await rm(path.join(folder, 'config.yaml'));
    expect(config).toEqual(await loadConfig({ folder }));
  });

  it('no file at all', async () => {
    const config = await loadConfig({ folder });
    expect(config.file).toBeUndefined();
    // 5 minutes, 30 days
    expect(config.cvat).toMatchObject({ poll: 300, deadline: 2_592_000 });
  });
});

describe('an unknown key names the nearest known one', () => {
  it.each([
    ['vidoe: {}', 'vidoe', 'video'],
    ['video: { framerat: 3 }', 'video.framerat', 'video.framerate'],
    ['selection: { buget: 3 }', 'selection.buget', 'selection.budget'],
    ['dataset: { split: { vall: 0.1 } }', 'dataset.split.vall', 'dataset.split.val'],
    ['steps: { upload_label: { enabled: true } }', 'steps.upload_label', 'steps.upload_labels'],
    ['steps: { upload_labels: { enable: true } }', 'steps.upload_labels.enable', 'steps.upload_labels.enabled'],
    ['schedules: [{ id: a, every: 1d }, { id: b, corn: "0 6 * * *" }]', 'schedules[1].corn', 'schedules[1].cron'],
  ])('%s', async (yaml, unknown, nearest) => {
    const { code, message } = await refusal(yaml);
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toContain(`"${unknown}"`);
    expect(message).toContain(`did you mean "${nearest}"?`);
  });

  it('also in what a workflow input or --set brings', async () => {
    expect(await refusal('', { cvat: { pol: '1s' } })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"cvat.poll"') as string,
    });
  });

  it('all of them at once', async () => {
    const { message } = await refusal('vidoe: {}\nyoutube: { querys: [] }');
    expect(message).toContain('"vidoe"');
    expect(message).toContain('"youtube.querys"');
  });
});

describe('a wrong value is refused with the name of its key', () => {
  it.each([
    ['video: { framerate: often }', 'video.framerate'],
    ['video: { framerate: 0 }', 'video.framerate'],
    ['video: { framerate: [1] }', 'video.framerate'],
    ['video: 3', 'video'],
    ['youtube: { num_videos: "three" }', 'youtube.num_videos'],
    ['youtube: { num_videos: 1.5 }', 'youtube.num_videos'],
    ['youtube: { queries: "one" }', 'youtube.queries'],
    ['youtube: { queries: [1] }', 'youtube.queries[0]'],
    ['youtube: { resolution: high }', 'youtube.resolution'],
    ['youtube: { max_filesize: big }', 'youtube.max_filesize'],
    ['youtube: { rate_limit: 0 }', 'youtube.rate_limit'],
    ['youtube: { rate_limit: -5M }', 'youtube.rate_limit'],
    ['youtube: { search_key: "--exec" }', 'youtube.search_key'],
    ['sources: { playlist_limit: 0 }', 'sources.playlist_limit'],
    ['detector: { confidence: 25 }', 'detector.confidence'],
    ['detector: { layout: yolov9 }', 'detector.layout'],
    ['selection: { control: 0.6, explore: 0.6 }', 'selection'],
    ['selection: { per_video: 0 }', 'selection.per_video'],
    ['cvat: { complete_when: soon }', 'cvat.complete_when'],
    ['dataset: { split: { val: 0.6, test: 0.4 } }', 'dataset.split'],
    ['dataset: { negatives: some }', 'dataset.negatives'],
    ['steps: { upload_labels: { enabled: "yes" } }', 'steps.upload_labels.enabled'],
    ['steps: { upload_labels: true }', 'steps.upload_labels'],
    ['schedules: [{ id: a }]', 'schedules[0]'],
    ['schedules: [{ id: a, cron: "* * * * *", every: 1d }]', 'schedules[0]'],
    ['schedules: [{ id: "a b", every: 1d }]', 'schedules[0].id'],
  ])('%s', async (yaml, key) => {
    const error = await refusal(yaml);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`"${key}": `);
    expect(error.hint).toBeTruthy();
  });

  it.each(['- a list', 'a sentence', '0', 'false'])(
    'a file with no keys (%s) does not pass for an empty one',
    async (yaml) => {
      for (const overrides of [undefined, { video: { framerate: 5 } }]) {
        expect(await refusal(yaml, overrides)).toMatchObject({ code: 'CONFIG_INVALID' });
      }
    },
  );

  it('a file that is no YAML is CONFIG_UNREADABLE and says where', async () => {
    const { code, message } = await refusal('video:\n  framerate: [1\nsteps: {');
    expect(code).toBe('CONFIG_UNREADABLE');
    expect(message).toMatch(/line \d/);
  });
});

describe('what is written in other ways means the same', () => {
  it.each([['"720"'], ['720'], ['720p'], ['"720p"']])('a resolution of %s', async (text) => {
    expect((await load(`youtube: { resolution: ${text} }`)).youtube.resolution).toBe(720);
  });

  it.each([['1572864'], ['"1572864"'], ['1536K'], ['1.5M'], ['1.5 MiB']])('a size of %s', async (text) => {
    // 1.5 * 1024 * 1024
    expect((await load(`youtube: { max_filesize: ${text} }`)).youtube.max_filesize).toBe(1_572_864);
  });

  it.each([['180'], ['"180"'], ['180s'], ['3m']])('a frame every %s', async (text) => {
    expect((await load(`video: { framerate: ${text} }`)).video.framerate).toBe(180);
  });
});

describe('overrides', () => {
  it('change single keys and leave their neighbours as the file has them', async () => {
    const config = await load('video: { framerate: 10, skip_start: 5 }\ncvat: { poll: 1m }', {
      video: { framerate: '2s' },
    });
    expect(config.video).toMatchObject({ framerate: 2, skip_start: 5 });
    expect(config.cvat.poll).toBe(60);
  });

  it('replace a list as a whole', async () => {
    const config = await load('youtube: { queries: [a, b] }', { youtube: { queries: ['c'] } });
    expect(config.youtube.queries).toEqual(['c']);
  });

  it('can switch selection on where the file has none', async () => {
    expect((await load('', { selection: { budget: 5 } })).selection).toMatchObject({ budget: 5, control: 0.1 });
  });

  it.each([[undefined], [{}], [{ video: {} }], [{ video: null }], [{ video: { framerate: null } }]])(
    'that are empty (%j) change nothing',
    async (overrides) => {
      expect(await load('video: { framerate: 3 }', overrides)).toEqual(await load('video: { framerate: 3 }'));
    },
  );
});

describe('which file is taken', () => {
  it('the one that is named, before those with the usual names', async () => {
    await writeFile(path.join(folder, 'config.yaml'), 'max_open_rounds: 7');
    await writeFile(path.join(folder, 'other.yaml'), 'max_open_rounds: 8');
    expect((await loadConfig({ folder, file: 'other.yaml' })).max_open_rounds).toBe(8);
    expect((await loadConfig({ folder })).max_open_rounds).toBe(7);
  });

  it('data/config.yaml where there is no other', async () => {
    await mkdir(path.join(folder, 'data'));
    await writeFile(path.join(folder, 'data', 'config.yaml'), 'max_open_rounds: 9');
    const config = await loadConfig({ folder });
    expect(config).toMatchObject({ max_open_rounds: 9, file: path.join(folder, 'data', 'config.yaml') });
    // relative paths start at the working folder, not at the file
    expect(config.paths.data).toBe(path.join(folder, 'data'));
  });

  it('a named file that is not there is an error, not the defaults', async () => {
    await expect(loadConfig({ folder, file: 'none.yaml' })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });
});

describe('paths', () => {
  it('videos, frames and dataset follow the data folder; absolute ones stay as they are', async () => {
    const { paths } = await load('paths: { data: /big/disk, dataset: ../shared-dataset }');
    expect(paths).toEqual({
      data: '/big/disk',
      downloads: '/big/disk/videos',
      output: '/big/disk/frames',
      dataset: path.join(path.dirname(folder), 'shared-dataset'),
    });
  });
});

describe('a file that is laid over the configuration of a worker', () => {
  it('says only what is in it, with paths that hold anywhere, and no schedules', async () => {
    const text = `
      paths: { data: elsewhere }
      sources: { files: [videos, /srv/match.mp4] }
      youtube: { cookies: cookies.txt }
      video: { framerate: 5 }
      schedules: [{ id: nightly, every: 1d }]
    `;
    await writeFile(path.join(folder, 'other.yaml'), text);
    expect(await fileAsOverrides(folder, 'other.yaml', { video: { framerate: 6 }, max_open_rounds: 1 })).toEqual({
      paths: { data: path.join(folder, 'elsewhere') },
      sources: { files: [path.join(folder, 'videos'), '/srv/match.mp4'] },
      youtube: { cookies: path.join(folder, 'cookies.txt') },
      video: { framerate: 6 },
      max_open_rounds: 1,
    });
  });

  it('is refused as the configuration itself would be', async () => {
    await writeFile(path.join(folder, 'other.yaml'), 'vidoe: { framerate: 5 }');
    await expect(fileAsOverrides(folder, 'other.yaml')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
