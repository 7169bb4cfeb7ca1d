import { stat } from 'node:fs/promises';
import path from 'node:path';
import { activityInfo } from '@temporalio/activity';
import type { Catalog } from '../catalog/index.js';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import {
  localSource,
  searchSource,
  siteOptions,
  urlSource,
  type ListedVideo,
  type VideoReference,
  type VideoSource,
} from '../video/index.js';
import { duplicateOf } from './download-video.js';
import { withHeartbeat } from './heartbeat.js';
import { withinPatience } from './patience.js';
import type { Resources } from './resources.js';
import { readRoundFile, type RoundFile } from './round-file.js';
import { pausedBecause, pauseIfHopeless, pauseSource } from './source-pause.js';
import type { RoundReference, SkippedVideo, VideoList } from './types.js';

/** Finds the videos of the round and claims the new ones; what earlier rounds had is left out. */
export async function listVideos(resources: Resources, { round }: { round: RoundReference }): Promise<VideoList> {
  const plan = await readRoundFile(round.folder);
  const catalog = await resources.catalog(plan.config.paths.data);
  return withHeartbeat(async (signal, report) => {
    const listing = new Listing(plan, catalog);
    for (const source of await sourcesOf(plan)) {
      for await (const found of entriesOf(source, { round, listing, signal })) {
        if (await listing.isTooMany(found)) {
          listing.skipped.push(skipped(source.name, roundFull(plan.config.sources.max_videos)));
          break;
        }
        await listing.add(found);
        report({ videos: listing.videos.length });
      }
    }
    return { videos: listing.videos, skipped: listing.skipped };
  });
}

/** The sources of the round: files first, since they are here already. */
async function sourcesOf({ config, videos }: RoundFile): Promise<VideoSource[]> {
  const { downloads } = config.paths;
  const { queries, num_videos, resolution, min_duration, max_duration, search_key } = config.youtube;
  const download = config.steps.download_videos.enabled;
  const named = videos && { urls: videos.filter(isUrl), files: videos.filter((video) => !isUrl(video)), queries: [] };
  const wanted = named ?? { ...config.sources, queries };
  const files = wanted.files.map((file) => localSource(file));
  if (!download) return !named && (await isFolder(downloads)) ? [...files, localSource(downloads)] : files;

  const site = siteOptions(config.youtube);
  const durations = { minDurationSeconds: min_duration, maxDurationSeconds: max_duration };
  const limit = config.sources.playlist_limit;
  return [
    ...files,
    ...wanted.urls.map((url) => urlSource(url, { ...durations, limit, site })),
    ...wanted.queries.map((query) =>
      searchSource(query, { ...durations, wanted: num_videos, maxHeight: resolution, searchKey: search_key, site }),
    ),
  ];
}

/**
 * What a source lists. A site that cannot be asked in this round is named and left out, and the round goes on with the
 * others; one that may answer soon makes the activity try again. Files that are not there are a mistake to be told.
 */
async function* entriesOf(
  source: VideoSource,
  { round, listing, signal }: { round: RoundReference; listing: Listing; signal: AbortSignal },
): AsyncGenerator<ListedVideo | SkippedVideo> {
  const { site } = source;
  const paused = site && (await pausedBecause(round.folder, site));
  if (paused) {
    yield skipped(source.name, paused);
    return;
  }
  try {
    yield* source.list({ isKnown: (videoKey) => listing.isKnown(videoKey), contents: listing.catalog, signal });
  } catch (error) {
    if (signal.aborted || site === undefined) throw error;
    await pauseIfHopeless(round.folder, site, error);
    const judged = withinPatience(error, activityInfo().attempt);
    if (!(judged instanceof PipelineError)) throw judged;
    const { retryable, retryAfterMs = 0 } = judged;
    if (retryable && retryAfterMs <= longestPauseMs) throw judged;
    if (retryAfterMs > longestPauseMs) await pauseSource(round.folder, site, judged);
    yield skipped(source.name, judged);
  }
}

/** A site that wants a longer pause is left to the next round: all others would have to wait for it. */
const longestPauseMs = 10 * 60_000;

/** What was found so far in this round, and whether something is new to it. */
class Listing {
  readonly videos: VideoReference[] = [];
  readonly skipped: SkippedVideo[] = [];

  constructor(
    private readonly plan: RoundFile,
    readonly catalog: Catalog,
  ) {}

  /** Whether it counts as met before. Not so a video that this round claimed before its worker was killed. */
  async isKnown(videoKey: string): Promise<boolean> {
    if (this.has(videoKey)) return true;
    if (!(await this.catalog.isKnown(videoKey))) return false;
    const video = await this.catalog.video(videoKey);
    return video?.claimedByRound !== this.plan.roundId || video.state !== 'claimed';
  }

  /** Whether it is new, and the round has as many as it may have. */
  async isTooMany(found: ListedVideo | SkippedVideo): Promise<boolean> {
    if (this.videos.length < this.plan.config.sources.max_videos || 'code' in found) return false;
    return !(await this.isKnown(found.video.videoKey));
  }

  async add(found: ListedVideo | SkippedVideo): Promise<void> {
    if ('code' in found) {
      this.skipped.push(found);
      return;
    }
    const video = await this.withDownloadKey(found.video);
    const comesLater = found.failure && (found.failure.retryable || found.failure.code === 'VIDEO_NOT_YET');
    const claimed =
      !comesLater && !this.has(video.videoKey) && (await this.catalog.claimVideo(this.plan.roundId, video));
    const refusal = found.failure ?? (claimed ? await this.duplicate(video) : undefined);
    if (refusal) this.skipped.push(skipped(nameOf(video), refusal));
    if (!claimed) return;
    if (refusal) await this.catalog.failVideo(video.videoKey, `${refusal.code}: ${refusal.message}`, true);
    else this.videos.push(video);
  }

  private has(videoKey: string): boolean {
    return this.videos.some((video) => video.videoKey === videoKey);
  }

  private async duplicate({ videoKey, contentSha256 }: VideoReference): Promise<PipelineError | undefined> {
    // A file that we downloaded is compared as it came, not as the format fix left it.
    if (contentSha256 === undefined || (await this.catalog.video(videoKey))?.sha256) return undefined;
    const original = await this.catalog.claimContent(videoKey, contentSha256);
    return original === undefined ? undefined : duplicateOf(original);
  }

  /** What we downloaded is named by its key, also after the format fix; anything else is known by its content. */
  private async withDownloadKey(video: VideoReference): Promise<VideoReference> {
    const { dir, name } = path.parse(video.file ?? '');
    const videoKey = name.replace(/\.normalised$/, '');
    const ours = dir === this.plan.config.paths.downloads && (await this.catalog.video(videoKey)) !== undefined;
    return ours ? { ...video, videoKey } : video;
  }
}

const roundFull = (most: number) =>
  new PipelineError('ROUND_FULL', `The round has ${most} videos; the others from here are left to the next round.`);

const nameOf = ({ title, url, file, videoKey }: VideoReference): string => title ?? url ?? file ?? videoKey;

function skipped(video: string, { code, message, hint }: PipelineError): SkippedVideo {
  return { video, code, message: hint ? `${message} ${hint}` : message };
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
