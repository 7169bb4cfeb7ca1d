import { open } from 'node:fs/promises';
import type { GridRun } from './decode-plan.js';
import type { PacketIndex } from './packet-index.js';
import { gridIndex, type SamplingGrid } from './sampling-grid.js';

/** More than a run of an ordinary video takes; where its frames lie further apart, looking at them costs too much. */
const largestRange = 64e6;

/** Enough for what stands before the picture itself in a frame's data: delimiters, messages of some hundred bytes. */
const headerBytes = 512;

/**
 * The frames that a run has to read past but not to decode: no other frame refers to them, and they are not wanted
 * themselves. Leaving them out changes nothing in the others, and saves a third of the work in usual H.264.
 *
 * @returns positions in the file
 */
export async function unneededFrames(
  file: string,
  index: PacketIndex,
  grid: SamplingGrid,
  run: GridRun,
): Promise<number[]> {
  const { seconds, positions } = index;
  const [from, to] = decodedPlaces(index, grid, run);
  /** The frame that is taken for each wanted time. */
  const taken = new Map<number, number>();
  for (let place = from; place < to; place++) {
    const time = seconds[place]!;
    const wanted = gridIndex(grid, time);
    if (wanted >= run.fromIndex && time < (taken.get(wanted) ?? Infinity)) taken.set(wanted, time);
  }
  const candidates: number[] = [];
  for (let place = from; place < to; place++) {
    const time = seconds[place]!;
    if (taken.get(gridIndex(grid, time)) !== time && positions[place]! >= 0) candidates.push(positions[place]!);
  }
  if (candidates.length === 0) return [];
  const start = Math.min(...candidates);
  const length = Math.max(...candidates) + headerBytes - start;
  if (length > largestRange) return [];
  const data = Buffer.allocUnsafe(length);
  const handle = await open(file);
  try {
    const { bytesRead } = await handle.read(data, 0, length, start);
    const read = data.subarray(0, bytesRead);
    return candidates.filter((position) => isUnreferenced(read, position - start));
  } finally {
    await handle.close();
  }
}

/** From the keyframe with which a run begins to the one after its last wanted time, in the order of decoding. */
function decodedPlaces(index: PacketIndex, grid: SamplingGrid, run: GridRun): [number, number] {
  const { keyframes, keyframePlaces } = index;
  const firstWanted = run.fromIndex * grid.everySeconds;
  const lastWanted = (run.toIndex - 1) * grid.everySeconds;
  const after = (time: number): number => {
    let low = 0;
    for (let high = keyframes.length; low < high;) {
      const middle = (low + high) >> 1;
      if (keyframes[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [keyframePlaces[after(firstWanted) - 1] ?? 0, keyframePlaces[after(lastWanted)] ?? index.seconds.length];
}

/**
 * Whether an H.264 frame, stored with lengths of four bytes as in .mp4 (ISO/IEC 14496-15, 5.3.4.2), says that no other
 * frame refers to it: `nal_ref_idc` of its slices is 0 (ITU-T H.264, 7.4.1). Anything else counts as referred to.
 */
function isUnreferenced(data: Buffer, offset: number): boolean {
  for (let at = offset; at + 5 <= data.length && at + 5 <= offset + headerBytes; at += 4 + data.readUInt32BE(at)) {
    const header = data[at + 4]!;
    const type = header & 0x1f;
    if (type >= 1 && type <= 5) return ((header >> 5) & 3) === 0;
  }
  return false;
}
