import path from 'node:path';
import { stat } from 'node:fs/promises';
import type { Catalog } from '../catalog/index.js';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { listLocalVideos, listUrl, searchVideos, type VideoReference } from '../video/index.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { readRoundFile, type RoundFile } from './round-file.js';
import type { RoundReference, SkippedVideo, VideoList } from './types.js';

/** Finds the videos of the round and claims the new ones; what earlier rounds had is left out. */
export async function listVideos(resources: Resources, { round }: { round: RoundReference }): Promise<VideoList> {
  const plan = await readRoundFile(round.folder);
  const catalog = await resources.catalog(plan.config.paths.data);
  return withHeartbeat(async (signal, report) => {
    const videos: VideoReference[] = [];
    const skipped: SkippedVideo[] = [];
    for await (const found of allSources(plan, catalog, signal)) {
      if ('code' in found) {
        skipped.push(found);
      } else if (videos.every(({ videoKey }) => videoKey !== found.videoKey)) {
        if (await catalog.claimVideo(round.roundId, found)) videos.push(found);
      }
      report({ videos: videos.length });
    }
    return { videos, skipped };
  });
}

async function* allSources(
  { config, videos, roundId }: RoundFile,
  catalog: Catalog,
  signal: AbortSignal,
): AsyncGenerator<VideoReference | SkippedVideo> {
  const download = config.steps.download_videos.enabled;
  const named = videos && { urls: videos.filter(isUrl), files: videos.filter((video) => !isUrl(video)), queries: [] };
  const { urls, files, queries } = named ?? { ...config.sources, queries: config.youtube.queries };

  const patterns = !named && !download && (await isFolder(config.paths.downloads)) ? [config.paths.downloads] : [];
  for (const video of await listLocalVideos([...files, ...patterns], signal)) {
    yield await withDownloadKey(video, config.paths.downloads, catalog);
  }
  if (!download) return;

  for (const url of urls) yield* orSkipped(url, () => listUrl(url, { extraArgs: config.youtube.extra_args, signal }));
  for (const query of queries) {
    yield* orSkipped(query, () =>
      searchVideos({
        query,
        wanted: config.youtube.num_videos,
        isKnown: async (videoKey) => (await catalog.isKnown(videoKey)) && !(await isMine(catalog, videoKey, roundId)),
        minDurationSeconds: config.youtube.min_duration,
        maxDurationSeconds: config.youtube.max_duration,
        signal,
      }),
    );
  }
}

/** A source that cannot work is named and left out; one that may work later makes the activity try again. */
async function* orSkipped(
  source: string,
  list: () => Promise<VideoReference[]>,
): AsyncGenerator<VideoReference | SkippedVideo> {
  try {
    yield* await list();
  } catch (error) {
    if (!(error instanceof PipelineError) || error.retryable) throw error;
    yield { video: source, code: error.code, message: error.hint ? `${error.message} ${error.hint}` : error.message };
  }
}

/** A video that this round claimed before its worker was killed: the search must find it again. */
async function isMine(catalog: Catalog, videoKey: string, roundId: string): Promise<boolean> {
  const video = await catalog.video(videoKey);
  return video?.claimedByRound === roundId && video.state === 'claimed';
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text);
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** What we downloaded is named by its key; anything else is known by its content. */
async function withDownloadKey(video: VideoReference, downloads: string, catalog: Catalog): Promise<VideoReference> {
  const { dir, name } = path.parse(video.file ?? '');
  return dir === downloads && (await catalog.video(name)) ? { ...video, videoKey: name } : video;
}
