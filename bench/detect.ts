/**
 * From JPEG files to boxes, beside nothing but the network (`session.run` on a ready tensor, in as many threads) and
 * beside `predict` of Ultralytics on the same model and pictures. All alternate, so that a busy machine slows all alike.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { MockActivityEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import sharp from 'sharp';
import { beatEveryMs, withHeartbeat } from '../src/activities/heartbeat.js';
import { seededRandom } from '../src/common/random.js';
import type { RgbImage } from '../src/common/types.js';
import { createDetector, type Detector } from '../src/detector/index.js';
import { writeOnnxModel } from '../test/fixtures/onnx/writer.js';
import { yoloLike } from '../test/fixtures/onnx/yolo-like.js';
import { measure, type Measurement } from './support/measure.js';

export const description =
  'pictures per second, against the bare network and against Ultralytics [--ultralytics PYTHON] [--rounds N]';

/** Ours takes at most so much more time per picture than the bare network. */
const mostOverhead = 0.12;
/** Ours does at least so many times as many pictures per second as Ultralytics. */
const leastSpeedup = 1.5;
/** The main thread is late by at most so many milliseconds, 99 times of 100. */
const mostDelay = 20;

/** A heartbeat comes late by at most so many milliseconds while all threads work. */
const mostBeatDelay = 100;
const beatSeconds = 26;

const ULTRALYTICS = 'Ultralytics predict';

/** So many that it does not matter how well the last ones share the threads. */
const pictureCount = 64;
const { width, height } = { width: 1280, height: 720 };

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      /** A Python that has ultralytics and onnxruntime. */
      ultralytics: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      threads: { type: 'string', default: String(Math.min(availableParallelism(), 4)) },
    },
  });
  const threads = Number(values.threads);
  const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-bench-'));
  try {
    const model = path.join(folder, 'yolo-like.onnx');
    await writeOnnxModel(model, yoloLike());
    const pictures = await writePictures(path.join(folder, 'pictures'));
    console.log(
      `${pictureCount} JPEG files of ${width}x${height}, a network of 4.4 GMAC at 640x640, ${threads} threads\n`,
    );
    await compare({ model, pictures, threads, rounds: Number(values.rounds), python: values.ultralytics });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Job {
  model: string;
  pictures: string[];
  threads: number;
  rounds: number;
  python?: string;
}

async function compare({ model, pictures, threads, rounds, python }: Job): Promise<void> {
  const bare = await startBare(model, threads);
  const exact = await createDetector({ model, threads, device: 'cpu' });
  const fast = await createDetector({ model, threads, device: 'cpu', resize: 'fast' });
  const pixels = await Promise.all(pictures.map(decode));
  const ways: Record<string, () => Promise<unknown>> = {
    'bare session.run': () => bare.run(pictures.length),
    'JPEG to boxes': () => detectAll(exact, pictures),
    'JPEG to boxes, resize: fast': () => detectAll(fast, pictures),
    'pixels to boxes': () => detectAll(exact, pixels),
  };
  const predict = python === undefined ? undefined : startUltralytics(python, model, path.dirname(pictures[0]!));
  if (predict) ways[ULTRALYTICS] = () => predict.run();
  const times = new Map(Object.keys(ways).map((name) => [name, [] as Measurement[]]));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let beatDelay: number;
  try {
    for (const work of Object.values(ways)) await work();
    for (let round = 0; round < rounds; round++) {
      for (const [name, work] of Object.entries(ways)) {
        if (name === 'JPEG to boxes') delay.enable();
        times.get(name)!.push(await measure(work));
        delay.disable();
      }
    }
    beatDelay = await latestBeat(() => detectAll(exact, pictures));
  } finally {
    await Promise.all([bare.close(), exact.close(), fast.close(), predict?.close()]);
  }
  report(times);
  verdict('main thread late by (p99)', delay.percentile(99) / 1e6, mostDelay, 'ms');
  verdict('heartbeat late by (most)', beatDelay, mostBeatDelay, 'ms');
}

/** How much longer than it should the longest pause between two heartbeats of an activity was that does this work, in ms. */
async function latestBeat(work: () => Promise<unknown>): Promise<number> {
  const environment = new MockActivityEnvironment();
  const beats: number[] = [];
  environment.on('heartbeat', () => beats.push(performance.now()));
  const end = performance.now() + beatSeconds * 1000;
  await environment.run(() =>
    withHeartbeat(async () => {
      while (performance.now() < end) await work();
    }),
  );
  const pauses = beats.slice(1).map((beat, i) => beat - beats[i]!);
  return Math.max(...pauses) - beatEveryMs;
}

function report(times: Map<string, Measurement[]>): void {
  const perPicture = (name: string, kind: keyof Measurement) =>
    times.get(name)!.map((each) => each[kind] / pictureCount);
  console.log('                               pictures/s  ms wall  ms CPU  wall ratio  CPU ratio');
  for (const name of times.keys()) {
    const [wall, cpu] = [median(perPicture(name, 'wall')), median(perPicture(name, 'cpu'))];
    const ratio = (kind: keyof Measurement) => {
      const base = perPicture('bare session.run', kind);
      return median(perPicture(name, kind).map((value, round) => value / base[round]!)).toFixed(3);
    };
    console.log(
      name.padEnd(30),
      (1 / wall).toFixed(1).padStart(10),
      (wall * 1000).toFixed(1).padStart(8),
      (cpu * 1000).toFixed(1).padStart(7),
      ratio('wall').padStart(11),
      ratio('cpu').padStart(10),
    );
  }
  const ours = perPicture('JPEG to boxes', 'wall');
  /** Of each round by itself: what slows a round down slows both. */
  const ratioTo = (name: string) => median(perPicture(name, 'wall').map((value, round) => value / ours[round]!));
  console.log();
  verdict('overhead per picture', (1 / ratioTo('bare session.run') - 1) * 100, mostOverhead * 100, '%');
  if (times.has(ULTRALYTICS))
    verdict('pictures/s, ours / Ultralytics', ratioTo(ULTRALYTICS), leastSpeedup, 'x', 'at least');
}

function verdict(
  what: string,
  value: number,
  limit: number,
  unit: string,
  side: 'at most' | 'at least' = 'at most',
): void {
  const reached = side === 'at most' ? value <= limit : value >= limit;
  console.log(
    `${what}: ${value.toFixed(2)} ${unit}; target: ${side} ${limit} ${unit}: ${reached ? 'reached' : 'MISSED'}`,
  );
  if (!reached) process.exitCode = 1;
}

async function detectAll(detector: Detector, pictures: readonly (string | RgbImage)[]): Promise<void> {
  await Promise.all(pictures.map((picture) => detector.detect(picture)));
}

async function decode(file: string): Promise<RgbImage> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  return { width: info.width, height: info.height, data: shared };
}

async function startBare(model: string, threads: number) {
  const workers = Array.from({ length: threads }, () => {
    const typescript = new URL('../src/detector/typescript-thread.mjs', import.meta.url).href;
    return new Worker(new URL('./support/bare-thread.ts', import.meta.url), {
      workerData: { model, dims: [1, 3, 640, 640] },
      execArgv: ['--import', typescript],
    });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    /** So many runs, shared among the threads. */
    async run(runs: number): Promise<void> {
      await Promise.all(
        workers.map((worker, i) => {
          const done = once(worker, 'message');
          worker.postMessage(Math.floor((runs + i) / threads));
          return done;
        }),
      );
    },
    async close(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Shapes on a lightly noisy ground: they compress about as photographs do (some 150 kB). */
async function writePictures(folder: string): Promise<string[]> {
  await mkdir(folder);
  const files = Array.from({ length: pictureCount }, (_, i) =>
    path.join(folder, `picture${String(i).padStart(2, '0')}.jpg`),
  );
  for (const [i, file] of files.entries()) {
    const random = seededRandom(`picture ${i}`);
    const shape = () => {
      const colour = `rgb(${[random(), random(), random()].map((share) => Math.round(share * 255)).join()})`;
      return `<ellipse cx="${random() * width}" cy="${random() * height}" rx="${random() * 200}" ry="${random() * 150}" fill="${colour}"/>`;
    };
    const shapes = Array.from({ length: 60 }, shape).join('');
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes}</svg>`;
    const noise = sharp({
      create: { width, height, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 12 } },
    });
    const grain = await noise.png().toBuffer();
    await sharp(Buffer.from(svg))
      .flatten({ background: '#475' })
      .composite([{ input: grain, blend: 'soft-light' }])
      .jpeg({ quality: 90 })
      .toFile(file);
  }
  return files;
}

/** One process for all rounds: loading its libraries takes longer than the pictures. */
function startUltralytics(python: string, model: string, folder: string) {
  const script = path.join(import.meta.dirname, 'support', 'ultralytics_predict.py');
  const child = execa(python, [script, model, folder], { stdout: 'pipe' });
  const answers = child[Symbol.asyncIterator]();
  return {
    async run(): Promise<void> {
      child.stdin.write('\n');
      // What else it prints is of no interest.
      for (let answer = await answers.next(); !String(answer.value).startsWith('done'); answer = await answers.next()) {
        if (answer.done) throw new Error(`${python} ended without an answer.`);
      }
    },
    async close(): Promise<void> {
      child.stdin.end();
      await child;
    },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
