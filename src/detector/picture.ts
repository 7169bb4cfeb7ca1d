import sharp from 'sharp';
import { messageOf, PipelineError } from '../common/errors.js';
import type { Letterbox } from './letterbox.js';
import type { OutputLayout, RgbImage } from './types.js';

/**
 * Decodes a picture to 8-bit RGB as OpenCV's `imread` does: EXIF orientation applied, transparency dropped, colour
 * profile ignored.
 *
 * @throws PipelineError IMAGE_UNREADABLE
 */
export async function readPicture(file: string): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(file, { ignoreIcc: true })
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: info.channels === 3 ? data : firstChannelThrice(data, info),
    };
  } catch (error) {
    throw new PipelineError('IMAGE_UNREADABLE', `The picture '${file}' cannot be read: ${messageOf(error)}.`, {
      hint: 'Give a whole JPEG, PNG or WebP file.',
      cause: error,
    });
  }
}

function firstChannelThrice(data: Uint8Array, info: { width: number; height: number; channels: number }): Uint8Array {
  const rgb = new Uint8Array(info.width * info.height * 3);
  for (let pixel = 0; pixel < info.width * info.height; pixel++)
    rgb.fill(data[pixel * info.channels]!, pixel * 3, pixel * 3 + 3);
  return rgb;
}

/** n / 255 as 32-bit floats. */
const UNIT = Float32Array.from({ length: 256 }, (_, value) => value / 255);
const BYTE = Float32Array.from({ length: 256 }, (_, value) => value);

/**
 * Writes a letterboxed picture as the network wants it, plane by plane: RGB 0..1, for YOLOX BGR 0..255.
 *
 * @param out at least `3 * width * height` numbers
 */
export function fillTensor(picture: RgbImage, layout: OutputLayout, out: Float32Array): void {
  const yolox = layout === 'yolox';
  const values = yolox ? BYTE : UNIT;
  const { data } = picture;
  const plane = picture.width * picture.height;
  const red = yolox ? 2 * plane : 0;
  const blue = yolox ? 0 : 2 * plane;
  for (let pixel = 0, at = 0; pixel < plane; pixel++, at += 3) {
    out[red + pixel] = values[data[at]!]!;
    out[plane + pixel] = values[data[at + 1]!]!;
    out[blue + pixel] = values[data[at + 2]!]!;
  }
}

/** From pixels of the network's input back to pixels of the picture, clipped to it. */
export function toPicture<T extends { x1: number; y1: number; x2: number; y2: number }>(
  box: T,
  letterbox: Letterbox,
  picture: { width: number; height: number },
): T {
  const x = (value: number) => clip((value - letterbox.left) / letterbox.scaleX, picture.width);
  const y = (value: number) => clip((value - letterbox.top) / letterbox.scaleY, picture.height);
  return { ...box, x1: x(box.x1), y1: y(box.y1), x2: x(box.x2), y2: y(box.y2) };
}

function clip(value: number, limit: number): number {
  return Math.min(Math.max(value, 0), limit);
}
