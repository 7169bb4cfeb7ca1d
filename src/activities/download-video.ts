import { rm } from 'node:fs/promises';
import type { Catalog } from '../catalog/index.js';
import { PipelineError } from '../common/errors.js';
import { sha256File } from '../common/files.js';
import { downloadVideo as download, siteOf, siteOptions, type VideoReference } from '../video/index.js';
import { waitForRoom } from './disk-watermark.js';
import { withHeartbeat } from './heartbeat.js';
import { triesPatience, withinPatience } from './patience.js';
import type { Resources } from './resources.js';
import { readRoundFile } from './round-file.js';
import { SiteFailures } from './site-failures.js';
import { pausedBecause, pauseIfHopeless } from './source-pause.js';
import type { RoundReference } from './types.js';

/** Brings the video to this machine; a local file is there already. */
export async function downloadVideo(
  resources: Resources,
  { round, video }: { round: RoundReference; video: VideoReference },
): Promise<{ file: string }> {
  if (video.file) return { file: video.file };
  const { config } = await readRoundFile(round.folder);
  const { resolution, max_filesize, rate_limit, sleep_interval } = config.youtube;
  const catalog = await resources.catalog(config.paths.data);
  const site = siteOf(video);
  const paused = await pausedBecause(round.folder, site);
  if (paused) throw paused;
  await waitForRoom(resources, config);
  const failures = new SiteFailures(round.folder, video.videoKey);
  return withHeartbeat(async (signal, report) => {
    try {
      const { file, ...facts } = await download(video, {
        folder: config.paths.downloads,
        maxHeight: resolution,
        maxBytes: max_filesize,
        rateLimit: rate_limit,
        pauseSeconds: sleep_interval,
        site: siteOptions(config.youtube),
        signal,
        onProgress: (fraction) => report({ downloaded: fraction }),
      });
      await refuseDuplicate(catalog, video.videoKey, file, signal);
      await catalog.describeVideo({ ...facts, videoKey: video.videoKey, file });
      await failures.forget();
      return { file };
    } catch (error) {
      if (signal.aborted) throw error;
      await pauseIfHopeless(round.folder, site, error);
      if (!triesPatience(error)) throw error;
      const judged = withinPatience(error, await failures.add());
      // What is given up now may be begun anew.
      if (!triesPatience(judged)) await failures.forget();
      throw judged;
    }
  });
}

/** One content is processed once, under however many addresses a site has it. */
async function refuseDuplicate(catalog: Catalog, videoKey: string, file: string, signal: AbortSignal): Promise<void> {
  const known = await catalog.video(videoKey);
  // Looked at before; the file may be what the format fix made of it.
  if (known?.sha256) return;
  const original = await catalog.claimContent(videoKey, await sha256File(file, signal));
  if (original === undefined) return;
  await rm(file, { force: true });
  throw duplicateOf(original);
}

/** The error for a video whose content the catalog has under another key. */
export function duplicateOf(videoKey: string): PipelineError {
  return new PipelineError('VIDEO_DUPLICATE', `The same content as ${videoKey}.`);
}
