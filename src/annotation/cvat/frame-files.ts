import { stat } from 'node:fs/promises';
import { PipelineError, systemErrorCode } from '../../common/errors.js';
import type { UploadFrame } from '../types.js';

export interface FrameFile extends UploadFrame {
  sizeBytes: number;
}

/**
 * Looks at the frames before anything is sent: there are some, each name is flat and unique (CVAT cuts folders off and
 * fails on doubles), each file is there.
 * Throws CVAT_FRAMES_INVALID, FRAME_FILE_MISSING.
 */
export async function checkFrames(frames: readonly UploadFrame[]): Promise<FrameFile[]> {
  if (frames.length === 0) throw new PipelineError('CVAT_FRAMES_INVALID', 'A CVAT task needs at least one frame');
  const seen = new Set<string>();
  for (const { name } of frames) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._+=@~-]{0,250}$/.test(name)) {
      throw new PipelineError('CVAT_FRAMES_INVALID', `${JSON.stringify(name)} is not a name that CVAT keeps as it is`, {
        hint: 'Frame names are ASCII letters, digits and . _ -, without folders.',
      });
    }
    if (seen.has(name)) throw new PipelineError('CVAT_FRAMES_INVALID', `Two frames have the name ${name}`);
    seen.add(name);
  }
  const files: FrameFile[] = [];
  for (const frame of frames) files.push({ ...frame, sizeBytes: await sizeOf(frame.file) });
  return files;
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new PipelineError('FRAME_FILE_MISSING', `The frame ${file} is gone`, {
      hint: 'Take the frames of that video again.',
      cause: error,
    });
  }
}
