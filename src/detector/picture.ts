import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { messageOf, PipelineError } from '../common/errors.js';
import type { RgbImage, Size } from './types.js';

/** A decoded picture, and how large it would have been in full. */
export interface DecodedPicture {
  picture: RgbImage;
  original: Size;
}

/** How many times smaller libjpeg decodes a picture at most without decoding all of it. */
const JPEG_SHRINKS = [8, 4, 2];

/**
 * Decodes a picture to 8-bit RGB as OpenCV's `imread` does: EXIF orientation applied, transparency dropped, colour
 * profile ignored.
 *
 * @param atLeast with it, a large JPEG is decoded at a half, a quarter or an eighth of its size, as long as that is
 *   no smaller than this; much faster, but not what OpenCV's scaling would have given
 * @throws PipelineError IMAGE_UNREADABLE
 */
export async function readPicture(file: string, atLeast?: Size): Promise<DecodedPicture> {
  try {
    // In a thread that has nothing else to do, waiting costs less than the turns of an asynchronous reading.
    const image = sharp(readFileSync(file), { ignoreIcc: true });
    let reduced = image;
    let original: Size | undefined;
    if (atLeast) {
      const { format, autoOrient } = await image.metadata();
      original = { width: autoOrient.width, height: autoOrient.height };
      const shrink = format === 'jpeg' ? jpegShrink(original, atLeast) : 1;
      const [width, height] = [original.width, original.height].map((side) => Math.ceil(side / shrink));
      if (shrink > 1) reduced = image.resize({ width, height, fit: 'fill', kernel: 'linear' });
    }
    const picture = await decode(reduced);
    return { picture, original: original ?? picture };
  } catch (error) {
    throw new PipelineError('IMAGE_UNREADABLE', `The picture '${file}' cannot be read: ${messageOf(error)}.`, {
      hint: 'Give a whole JPEG, PNG or WebP file.',
      cause: error,
    });
  }
}

/** The largest shrinking after which the picture, scaled to fit into `target`, is still not enlarged. */
function jpegShrink(picture: Size, target: Size): number {
  const factor = Math.max(picture.width / target.width, picture.height / target.height);
  return JPEG_SHRINKS.find((shrink) => shrink <= factor) ?? 1;
}

async function decode(image: Sharp): Promise<RgbImage> {
  const { data, info } = await image
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, data: channels === 3 ? data : firstChannelThrice(data, info) };
}

function firstChannelThrice(data: Uint8Array, info: { width: number; height: number; channels: number }): Uint8Array {
  const rgb = new Uint8Array(info.width * info.height * 3);
  for (let pixel = 0; pixel < info.width * info.height; pixel++)
    rgb.fill(data[pixel * info.channels]!, pixel * 3, pixel * 3 + 3);
  return rgb;
}
