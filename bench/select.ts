/**
 * Choosing 500 of 100,000 frames beside what one would do without thought: compare every pair of frames, once for near
 * duplicates and once for diversity. The pairs are measured on a part and scaled up by the square, since all of them
 * would take minutes.
 */
import { parseArgs } from 'node:util';
import { hammingDistance, parseHash, type HashBits } from '../src/common/perceptual-hash.js';
import { seededRandom } from '../src/common/random.js';
import type { Candidate } from '../src/common/types.js';
import { Selector } from '../src/selection/index.js';

export const description = '500 frames of 100,000, against comparing every pair [--candidates N] [--budget N]';

const videos = 50;
const labelledFrames = 2_000;
const embeddingSize = 64;
/** Frames whose pairs are all compared. */
const naivePart = 4_000;

export function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      candidates: { type: 'string', default: '100000' },
      budget: { type: 'string', default: '500' },
    },
  });
  const [count, budget] = [Number(values.candidates), Number(values.budget)];
  const perVideo = Math.ceil(count / videos);

  const labelled = makeVideo('labelled', labelledFrames);
  const corrected = labelled.slice(0, 500).map(({ detections }) => ({ detections, truth: detections.slice(1) }));
  const selector = new Selector({ strategy: 'uncertainty', budget }, { labelled, corrected });
  const heapBefore = usedMegabytes();
  let heapMost = 0;
  const spent: Spent = { processor: 0, wall: 0 };
  for (let video = 0; video < videos; video++) {
    // As in a round, a video's candidates are read, handed over and forgotten; making them up is not counted.
    const candidates = makeVideo(`video-${video}`, Math.min(perVideo, count - video * perVideo));
    measure(() => selector.addVideo(candidates), spent);
    heapMost = Math.max(heapMost, usedMegabytes());
  }
  let selected = 0;
  measure(() => (selected = selector.select().decisions.length), spent);
  heapMost = Math.max(heapMost, usedMegabytes());

  const part = makeVideo('naive', naivePart).map(({ perceptualHash, frameId }) => parseHash(perceptualHash, frameId));
  const naive = measure(() => comparePairs(part)).processor * (count / naivePart) ** 2;
  const row = (name: string, value: string) => console.log(`${name.padEnd(46)}${value}`);
  row(
    `${selected} of ${count} frames of ${videos} videos`,
    `${spent.wall.toFixed(1)} s, ${spent.processor.toFixed(1)} s of processor time`,
  );
  row(
    'memory held for them, at most',
    `${Math.round(heapMost - heapBefore)} MB, ${Math.round(((heapMost - heapBefore) * 2 ** 20) / count)} bytes a frame`,
  );
  row(`naive: every pair of hashes once (from ${naivePart})`, `${naive.toFixed(1)} s of processor time`);
  const share = (spent.processor / naive) * 100;
  row('share of the naive time', `${share.toFixed(0)} %, with scoring, near duplicates and diversity`);
  return Promise.resolve();
}

/** A video of shots: the frames of a shot look alike, as real ones do, and show 0 to 12 boxes. */
function makeVideo(videoKey: string, frames: number): Candidate[] {
  const random = seededRandom(videoKey);
  let hash = '';
  let embedding: number[] = [];
  return Array.from({ length: frames }, (_, index): Candidate => {
    if (index % 15 === 0) {
      hash = Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('');
      embedding = Array.from({ length: embeddingSize }, () => random() - 0.5);
    }
    // Each frame of a shot differs from the others in about ten bits.
    const flips = Array.from({ length: 8 }, () => Math.floor(random() * 64));
    const bits = flips.reduce((sum, flip) => sum ^ (1n << BigInt(flip)), BigInt(`0x${hash}`));
    const frameId = `${videoKey}_${String(index * 1000).padStart(9, '0')}`;
    return {
      frameId,
      videoKey,
      ptsSeconds: index,
      width: 1280,
      height: 720,
      file: `/frames/${frameId}.jpg`,
      sha256: '0'.repeat(64),
      perceptualHash: bits.toString(16).padStart(16, '0'),
      embedding: embedding.map((value) => value + (random() - 0.5) / 4),
      detections: Array.from({ length: Math.floor(random() * 13) }, () => {
        const [x1, y1] = [Math.floor(random() * 1200), Math.floor(random() * 650)];
        const label = random() < 0.9 ? 'player' : 'ball';
        return { classId: 0, label, confidence: random(), x1, y1, x2: x1 + 40, y2: y1 + 60 };
      }),
      modelSha256: 'model',
    };
  });
}

function comparePairs(hashes: readonly HashBits[]): number {
  let near = 0;
  for (const a of hashes) for (const b of hashes) if (hammingDistance(a, b) < 4) near++;
  return near;
}

/** Seconds. */
interface Spent {
  /** What others do on the machine at the same time does not count. */
  processor: number;
  wall: number;
}

/** Adds what the work takes to `sum`. */
function measure(work: () => void, sum: Spent = { processor: 0, wall: 0 }): Spent {
  const [processorBefore, wallBefore] = [process.cpuUsage(), performance.now()];
  work();
  const { user, system } = process.cpuUsage(processorBefore);
  sum.processor += (user + system) / 1e6;
  sum.wall += (performance.now() - wallBefore) / 1e3;
  return sum;
}

function usedMegabytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
