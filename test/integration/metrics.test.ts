import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readJsonLines, writeFileAtomic } from '../../src/common/files.js';
import { projectRoot } from '../../src/tools/index.js';
import { completeJobs, cutClip, startUp, untilStatus, untilWaiting, type Up } from '../helpers/cli.js';
import { freePort, until } from '../helpers/programs.js';

/** A stack that exports metrics; one round on it, and a download that the disk holds back. */
let up: Up;
let port: number;
const config = { video: { framerate: 1 }, cvat: { poll: '1s', settle: 0 }, storage: { pause_below: 1 } };
const pauseFile = (folder: string) => path.join(folder, 'data', 'downloads-paused.json');

beforeAll(async () => {
  port = await freePort();
  const endpoint = await startCollector();
  up = await startUp({
    name: 'metrics',
    config,
    env: {
      FRAMELOOP_METRICS: `${port}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
    },
    // A pause of earlier times; no download comes that would notice that there is room again.
    prepare: (folder) => writeFileAtomic(pauseFile(folder), '{"since":"2026-01-01T00:00:00.000Z"}'),
  });
});
afterAll(async () => {
  await up?.stop();
  collector?.close();
});

interface Span {
  name: string;
  traceId: string;
  status: { code?: number };
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

/** What a collector of OpenTelemetry got. */
const spans: Span[] = [];
let collector: Server | undefined;

async function startCollector(): Promise<string> {
  collector = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
      };
      if (request.url === '/v1/traces' && request.headers['x-key'] === 'a b') {
        spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      }
      response.setHeader('content-type', 'application/json').end('{}');
    })();
  });
  await new Promise<void>((resolve) => collector?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
}

const attribute = (span: Span, name: string) => span.attributes.find(({ key }) => key === name)?.value.stringValue;

async function scrape(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}

/** The value of the series with these labels; undefined where there is none. Labels may be in any order. */
function valueOf(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const line = lines.find((each) => Object.entries(labels).every(([key, value]) => each.includes(`${key}="${value}"`)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

/** Every metric of ours and of the SDK that an expression or a text names. */
const namesIn = (text: string) => new Set(text.match(/\b(?:frameloop|temporal)_[a-z_]+\b/g) ?? []);
const read = (file: string) => readFileSync(path.join(projectRoot(), file), 'utf8');

describe('a worker with FRAMELOOP_METRICS', () => {
  it('counts what a round does, and knows how the catalog and the disk stand', async () => {
    const clip = await cutClip(path.join(up.folder, 'clip.mp4'), 'day', 0, 6);
    const { workflowId } = await up.json<{ workflowId: string }>('start', clip);
    const taskId = await untilWaiting(up, workflowId);
    await until('the round to be seen waiting for a while, and Temporal', async () => {
      const text = await scrape();
      const age = valueOf(text, 'frameloop_oldest_wait_seconds') ?? 0;
      const states = [valueOf(text, 'frameloop_rounds', { state: 'waiting' }), valueOf(text, 'frameloop_temporal_up')];
      return states.join() === '1,1' && age > 0;
    });
    await completeJobs(await up.cvat(), taskId);
    const { result } = await untilStatus(up, workflowId, 'done', ({ state }) => state === 'COMPLETED');
    const { frames, dataset } = result as {
      frames: { sampled: number; selected: number };
      dataset: { frames: number };
    };
    const text = await until('the end of the round to be seen', async () => {
      const now = await scrape();
      const finished = valueOf(now, 'frameloop_rounds', { state: 'finished' }) === 1;
      // Set after the states and the dataset: with it, all of them are of now.
      return finished && valueOf(now, 'frameloop_oldest_wait_seconds') === 0 && now;
    });

    // Whatever a step logs says for which round, and which attempt it was.
    type Line = { activityType?: string; round?: string; attempt?: number };
    const lines = await readJsonLines<Line>(path.join(up.dataFolder, 'pipeline.log'));
    const ofSteps = lines.filter(({ activityType }) => activityType !== undefined);
    expect(ofSteps.length).toBeGreaterThan(0);
    expect(ofSteps.filter(({ round, attempt }) => round !== workflowId || !attempt)).toEqual([]);

    // The steps of a round make one trace.
    const ofRound = await until('the last step to be traced', () => {
      const found = spans.filter((span) => attribute(span, 'frameloop.round') === workflowId);
      return Promise.resolve(found.some(({ name }) => name === 'finishRound') && found);
    });
    expect(new Set(ofRound.map(({ traceId }) => traceId)).size).toBe(1);
    const processed = ofRound.find(({ name }) => name === 'processVideo');
    expect(processed && attribute(processed, 'frameloop.video')).toMatch(/^file-[0-9a-f]{12}$/);
    expect(ofRound.filter(({ status }) => status.code === 2)).toEqual([]);

    expect(frames.sampled).toBeGreaterThan(2);
    expect(valueOf(text, 'frameloop_frames_total', { outcome: 'sampled' })).toBe(frames.sampled);
    expect(valueOf(text, 'frameloop_frames_total', { outcome: 'selected' })).toBe(frames.selected);
    expect(valueOf(text, 'frameloop_inferences_total')).toBe(frames.sampled);
    expect(valueOf(text, 'frameloop_videos_ended_total', { outcome: 'processed' })).toBe(1);
    expect(valueOf(text, 'frameloop_rounds_ended_total', { state: 'finished' })).toBe(1);
    expect(valueOf(text, 'frameloop_annotation_seconds_count')).toBe(1);
    const sides = ['train', 'val', 'test'].map((split) => valueOf(text, 'frameloop_dataset_frames', { split }));
    expect(sides.reduce((sum = 0, count = 0) => sum + count, 0)).toBe(dataset.frames);
    expect(valueOf(text, 'frameloop_disk_free_bytes')).toBeGreaterThan(0);
    expect(valueOf(text, 'frameloop_downloads_paused')).toBe(0);
    expect(existsSync(pauseFile(up.folder))).toBe(false);
  });

  it('holds downloads back while the disk is nearly full, says so everywhere, and goes on when there is room', async () => {
    const clip = await readFile(await cutClip(path.join(up.folder, 'remote.mp4'), 'night', 0, 4));
    const server = createServer((_, response) => response.setHeader('content-type', 'video/mp4').end(clip));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const set = (storage: object) =>
      writeFileAtomic(path.join(up.folder, 'config.yaml'), stringify({ ...config, storage }));
    try {
      await set({ pause_below: '900000T' });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/remote.mp4`;
      const { workflowId } = await up.json<{ workflowId: string }>('start', url, '--set', 'youtube.sleep_interval=0');
      const { stdout } = await until('the trouble to be told', async () => {
        const told = await up.run('status', workflowId);
        return told.stdout.includes('trouble') && told;
      });
      expect(stdout).toMatch(/downloadVideo of url-\w+, attempt \d+: Downloads are paused: [\d.]+ [GT]B are free/);
      await until('the log to say so', async () =>
        (await readFile(path.join(up.dataFolder, 'pipeline.log'), 'utf8')).includes('The disk is nearly full'),
      );
      const text = await until('the pause to be seen', async () => {
        const now = await scrape();
        return valueOf(now, 'frameloop_downloads_paused') === 1 && now;
      });
      expect(valueOf(text, 'frameloop_errors_total', { code: 'DISK_NEARLY_FULL' })).toBeGreaterThan(0);
      await until('the error to be traced', () =>
        Promise.resolve(
          spans.some((span) => span.status.code === 2 && attribute(span, 'error.type') === 'DISK_NEARLY_FULL'),
        ),
      );

      // Everything that the dashboard and the alerts name was counted by now.
      const dashboard = JSON.parse(read('deploy/grafana/frameloop.json')) as {
        panels: { targets?: { expr: string }[] }[];
      };
      const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
      const exported = namesIn(text);
      const named = [...namesIn(asked), ...namesIn(read('deploy/prometheus/alerts.yml'))];
      expect(named.length).toBeGreaterThan(15);
      expect(named.filter((name) => !exported.has(name))).toEqual([]);
      const ours = [...exported]
        .filter((name) => name.startsWith('frameloop_'))
        .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
      expect(ours.filter((name) => !read('docs/observability.md').includes(`\`${name}\``))).toEqual([]);

      await set({ pause_below: 1 });
      const { result } = await untilStatus(
        up,
        workflowId,
        'over',
        ({ progress, state }) => progress?.stage === 'waiting' || state === 'COMPLETED',
      );
      expect(result ?? {}).not.toMatchObject({ videos: { failed: [{}] } });
      await until('the pause to be over', async () => valueOf(await scrape(), 'frameloop_downloads_paused') === 0);
    } finally {
      server.close();
    }
  });
});
