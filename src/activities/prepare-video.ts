import path from 'node:path';
import { removeTemporaries } from '../common/files.js';
import { normaliseVideo } from '../video/index.js';
import type { VideoReference } from '../video/index.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { readRoundFile } from './round-file.js';
import type { RoundReference } from './types.js';

/** Brings the video into a format that everything downstream takes; does nothing when it is in one. */
export async function fixVideoFormat(
  resources: Resources,
  { round, video, file }: { round: RoundReference; video: VideoReference; file: string },
): Promise<{ file: string; action: string }> {
  const { config } = await readRoundFile(round.folder);
  const { downloads } = config.paths;
  return withHeartbeat(async (signal, report) => {
    // Of a worker that was killed: as large as the video.
    await removeTemporaries(downloads, `${video.videoKey}.`);
    const fixed = await normaliseVideo(file, {
      // Somebody's own file is left as it is, and nothing is written beside it.
      outputFolder: downloads,
      outputName: video.videoKey,
      removeOriginal: path.dirname(file) === downloads,
      signal,
      onProgress: (fraction) => report({ converted: fraction }),
    });
    const catalog = await resources.catalog(config.paths.data);
    await catalog.describeVideo({ videoKey: video.videoKey, file: fixed.file });
    return fixed;
  });
}
