import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { messageOf, PipelineError } from '../../common/errors.js';
import { temporaryName } from '../../common/files.js';
import type { Detection } from '../../common/types.js';
import { boxOverlay } from './overlay.js';

/** Letters keep sharp edges. */
const JPEG_QUALITY = 92;

/**
 * Writes a copy of a picture with its boxes drawn in. The format goes by the extension of `output`: JPEG, PNG or WebP.
 *
 * @throws PipelineError IMAGE_UNREADABLE, DRAWING_FAILED
 */
export async function drawDetections(image: string, detections: readonly Detection[], output: string): Promise<void> {
  const picture = await sharp(image)
    .autoOrient()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw new PipelineError('IMAGE_UNREADABLE', `The picture '${image}' cannot be read: ${messageOf(error)}.`, {
        hint: 'Give a whole JPEG, PNG or WebP file.',
        cause: error,
      });
    });
  const overlay = Buffer.from(boxOverlay(picture.info, detections));
  const temporary = temporaryName(output);
  try {
    await mkdir(path.dirname(output), { recursive: true });
    const { width, height, channels } = picture.info;
    await sharp(picture.data, { raw: { width, height, channels } })
      .composite([{ input: overlay }])
      .removeAlpha()
      .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4', force: false })
      .toFile(temporary);
    await rename(temporary, output);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new PipelineError('DRAWING_FAILED', `'${output}' cannot be written: ${messageOf(error)}.`, {
      hint: 'Check the folder given with --draw, its permissions and the free space.',
      cause: error,
    });
  }
}
