import { Runtime, type TelemetryOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { ActivityDependencies } from '../activities/index.js';
import { currentStorage, lookAtPause } from '../activities/disk-watermark.js';
import { openCatalog, type Catalog } from '../catalog/index.js';
import { diskSpace } from '../common/disk-space.js';
import { messageOf, PipelineError } from '../common/errors.js';
import type { LoadedConfig } from '../config/index.js';
import type { TemporalTarget } from './target.js';
import { createTemporalProbe } from './temporal-probe.js';

/** Buckets from half a minute to a month: people take hours or days. */
const annotationBuckets = [30, 300, 1800, 3600, 4 * 3600, 8 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 30 * 86_400];

const readEveryMs = 15_000;

/** The states that always have a number, so that a dashboard shows 0 rather than nothing. */
const states = {
  rounds: ['running', 'waiting', 'uploaded', 'finished', 'skipped', 'failed', 'cancelled'],
  videos: ['claimed', 'processed', 'failed', 'released'],
  frames: ['candidate', 'selected', 'uploaded', 'reviewed', 'empty', 'not_reviewed'],
  dataset: ['train', 'val', 'test'],
} as const;

/**
 * What the SDK's runtime exports: with FRAMELOOP_METRICS its metrics and ours, for Prometheus, on one port.
 *
 * @throws PipelineError CONFIG_INVALID
 */
export function metricsOptions(env: NodeJS.ProcessEnv): TelemetryOptions['metrics'] {
  const address = metricsAddress(env);
  return address === undefined
    ? undefined
    : {
        attachServiceName: false,
        prometheus: {
          bindAddress: address,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
          histogramBucketOverrides: { frameloop_annotation: annotationBuckets },
        },
      };
}

/** FRAMELOOP_METRICS: a port of 127.0.0.1, or an address with a port. */
function metricsAddress(env: NodeJS.ProcessEnv): string | undefined {
  const text = env.FRAMELOOP_METRICS?.trim();
  if (!text) return undefined;
  const [, host = '127.0.0.1', digits = ''] = /^(?:(\[[\da-f:]+\]|[\d.]+):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (port > 0 && port < 65_536) return `${host}:${port}`;
  throw new PipelineError('CONFIG_INVALID', `FRAMELOOP_METRICS is "${text}", which is no port and no address.`, {
    hint: 'Write 9464, which listens on 127.0.0.1, or 0.0.0.0:9464.',
  });
}

/**
 * Keeps the numbers up to date that are read rather than counted: states in the catalog, waiting people, the disk, and
 * whether Temporal answers. Every worker process of a host shows the same. Returns what ends it.
 */
export function startGauges(
  worker: Pick<ActivityDependencies, 'env' | 'folder' | 'configFile'> & { target: TemporalTarget },
  config: Pick<LoadedConfig, 'paths' | 'storage'>,
  log: Logger,
): () => Promise<void> {
  if (metricsAddress(worker.env) === undefined) return () => Promise.resolve();
  const { paths } = config;
  const set = createGauges();
  const temporal = createTemporalProbe(worker.target);
  let catalog: Promise<Catalog> | undefined;
  const read = async () => {
    set('frameloop_temporal_up', (await temporal.answers()) ? 1 : 0);
    try {
      catalog ??= openCatalog(paths.data);
      await readGauges(await catalog, paths, set);
      const { since, ended } = await lookAtPause(paths, await currentStorage(worker, config.storage));
      if (ended !== undefined) log.info({ pausedSince: ended }, 'There is room again: downloads go on');
      set('frameloop_downloads_paused', since === undefined ? 0 : 1);
    } catch (error) {
      catalog = undefined;
      log.warn({ error: messageOf(error) }, 'The metrics of the data folder could not be read');
    }
  };
  let reading = read();
  const timer = setInterval(() => {
    reading = reading.then(read);
  }, readEveryMs);
  return async () => {
    clearInterval(timer);
    await reading;
    await (await catalog)?.close();
    await temporal.close();
  };
}

type SetGauge = (name: keyof typeof gauges, value: number, labels?: Record<string, string>) => void;

const gauges = {
  frameloop_rounds: 'Rounds in the catalog, by state',
  frameloop_videos: 'Videos in the catalog, by state',
  frameloop_catalog_frames: 'Frames in the catalog, by state',
  frameloop_dataset_frames: 'Frames in the dataset, by side of the split',
  frameloop_oldest_wait_seconds: 'Age of the oldest round that waits for people; 0 without one',
  frameloop_disk_free_bytes: 'Room on the disk of the videos',
  frameloop_disk_size_bytes: 'Size of the disk of the videos',
  frameloop_downloads_paused: '1 while downloads are held back because the disk is nearly full',
  frameloop_temporal_up: '1 while Temporal answers and takes the credentials, else 0',
  frameloop_resident_memory_bytes: 'Memory of the worker process',
} as const;

function createGauges(): SetGauge {
  const meter = Runtime.instance().metricMeter;
  const made = new Map(
    Object.entries(gauges).map(([name, description]) => [
      name,
      meter.createGauge(name, 'float', undefined, description),
    ]),
  );
  return (name, value, labels) => made.get(name)?.set(value, labels);
}

async function readGauges(catalog: Catalog, paths: { data: string; downloads: string }, set: SetGauge): Promise<void> {
  const counts = await catalog.housekeeping.counts();
  const ofStates = (name: Parameters<SetGauge>[0], label: string, table: keyof typeof states) => {
    for (const state of states[table]) set(name, counts[table][state] ?? 0, { [label]: state });
  };
  ofStates('frameloop_rounds', 'state', 'rounds');
  ofStates('frameloop_videos', 'state', 'videos');
  ofStates('frameloop_catalog_frames', 'state', 'frames');
  ofStates('frameloop_dataset_frames', 'split', 'dataset');
  const [oldest] = await catalog.roundsInState('waiting');
  set('frameloop_oldest_wait_seconds', oldest ? (Date.now() - Date.parse(oldest.startedAt)) / 1000 : 0);
  const { freeBytes, sizeBytes } = await diskSpace(paths.downloads);
  set('frameloop_disk_free_bytes', freeBytes);
  set('frameloop_disk_size_bytes', sizeBytes);
  set('frameloop_resident_memory_bytes', process.memoryUsage.rss());
}
