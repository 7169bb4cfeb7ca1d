import { open } from 'node:fs/promises';
import sharp from 'sharp';
import { messageOf } from '../../common/errors.js';

/** More pixels than any camera's frame; a small file may claim far more (decompression bomb). */
const maxPixels = 100_000_000;

const signatures: { type: string; matches: (head: Buffer) => boolean }[] = [
  { type: 'image/jpeg', matches: (head) => head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) },
  {
    type: 'image/png',
    matches: (head) => head.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  },
  {
    type: 'image/webp',
    matches: (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP',
  },
];

/** What a file is by its first bytes, or undefined. Names lie, and the decoder would also take SVG and PDF. */
export async function pictureType(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0);
    return signatures.find(({ matches }) => matches(buffer.subarray(0, bytesRead)))?.type;
  } finally {
    await handle.close();
  }
}

/**
 * The size of a picture in pixels as it is shown (its orientation mark applied), after decoding it once to its end: a
 * file that was cut off has a good header.
 * @throws Error with a message like CVAT's, naming the picture
 */
export async function measurePicture(file: string, name: string): Promise<{ width: number; height: number }> {
  if ((await pictureType(file)) === undefined) {
    throw new Error(`UnidentifiedImageError: cannot identify image file '${name}': it is no JPEG, PNG or WebP`);
  }
  try {
    const image = sharp(file, { limitInputPixels: maxPixels, failOn: 'error' });
    const { autoOrient } = await image.metadata();
    // Small output: JPEG and WebP are then decoded at reduced size, which still reads every byte.
    await image.resize(32, 32, { fit: 'inside' }).raw().toBuffer();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch (error) {
    throw new Error(`UnidentifiedImageError: cannot identify image file '${name}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}
