import path from 'node:path';
import { writeFileAtomic } from '../src/common/files.js';
import { encodeVideo, type Encoding } from './encode.js';
import { Footage, type FootageOptions } from './world/footage.js';
import { truthJson, type FrameTruth } from './world/truth.js';

/** Writes a video and beside it `<name>.truth.json`, and counts what it shows. */
export async function writeFootage(
  file: string,
  options: FootageOptions,
  encoding: Pick<Encoding, 'crf' | 'preset'>,
): Promise<{ frames: number; empty: number; boxes: number }> {
  const footage = new Footage(options);
  const frames: FrameTruth[] = [];
  function* pictures(): Generator<Uint8Array> {
    for (const { pts, shot, truth, pixels } of footage.film()) {
      frames.push({ pts, shot, truth });
      yield pixels;
    }
  }
  await encodeVideo(file, pictures(), { ...options, ...encoding });
  const { dir, name, base } = path.parse(file);
  await writeFileAtomic(path.join(dir, `${name}.truth.json`), truthJson(base, footage, frames));
  return {
    frames: frames.length,
    empty: frames.filter(({ truth }) => truth.length === 0).length,
    boxes: frames.reduce((sum, { truth }) => sum + truth.length, 0),
  };
}
