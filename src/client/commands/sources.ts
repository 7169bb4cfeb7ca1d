import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import {
  downloadVideo,
  reachOfFailure,
  searchSource,
  siteOptions,
  urlSource,
  type ListedVideo,
  type VideoReference,
  type VideoSource,
} from '../../video/index.js';
import { readContext, type CommonOptions } from '../context.js';
import { createShareBar } from '../item-bar.js';
import { interruption, note, printLine } from '../output.js';

/** What a search would bring a round that knows no video yet. Nothing is downloaded or remembered. */
export async function search(query: string, options: CommonOptions & { limit?: number }): Promise<void> {
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw new PipelineError('WRONG_USE', `--limit ${limit} is no number of videos.`, { hint: 'Write 1 or more.' });
  }
  const { youtube } = await readContext(options);
  const source = searchSource(query, {
    wanted: limit ?? youtube.num_videos,
    maxHeight: youtube.resolution,
    minDurationSeconds: youtube.min_duration,
    maxDurationSeconds: youtube.max_duration,
    searchKey: youtube.search_key,
    site: siteOptions(youtube),
  });
  let count = 0;
  for await (const { video } of available(source, interruption())) {
    count += 1;
    if (options.json) {
      printLine(video);
      continue;
    }
    const { title = video.videoKey, channel, durationSeconds, uploadDate, licence, url } = video;
    const length = durationSeconds === undefined ? undefined : `${Math.round(durationSeconds)} s`;
    process.stdout.write(`${title}\n  ${[url, channel, length, uploadDate, licence].filter(Boolean).join(' · ')}\n`);
  }
  if (!options.json) process.stdout.write(`${count} videos\n`);
}

/** Downloads what is behind the addresses, as a round would. One that fails does not keep the others from coming. */
export async function download(urls: string[], options: CommonOptions & { out?: string }): Promise<void> {
  const { youtube, sources, paths } = await readContext(options);
  const site = siteOptions(youtube);
  const limits = { minDurationSeconds: youtube.min_duration, maxDurationSeconds: youtube.max_duration };
  const signal = interruption();
  let firstFailure: PipelineError | undefined;
  let pauseSeconds = 0; // the pause is for who takes one after the other

  async function orNamed(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      const concernsAll = !(error instanceof PipelineError) || reachOfFailure(error.code) !== undefined;
      if (concernsAll || signal.aborted) throw error;
      firstFailure ??= error;
      nameLeftOut(error);
    }
  }

  async function downloadAll(url: string): Promise<void> {
    const source = urlSource(url, { ...limits, limit: sources.playlist_limit, site });
    for await (const { video } of available(source, signal)) await orNamed(downloadOne(video));
  }

  async function downloadOne(video: VideoReference): Promise<void> {
    const bar = createShareBar(video.title ?? video.videoKey);
    try {
      const { file, ...facts } = await downloadVideo(video, {
        folder: path.resolve(options.out ?? paths.downloads),
        maxHeight: youtube.resolution,
        maxBytes: youtube.max_filesize,
        rateLimit: youtube.rate_limit,
        ...{ pauseSeconds, site, signal },
        onProgress: (share) => bar.update(share),
      });
      if (options.json) printLine({ videoKey: video.videoKey, file, ...facts });
      else process.stdout.write(`${file}\n`);
    } finally {
      bar.end();
      pauseSeconds = youtube.sleep_interval;
    }
  }

  for (const url of urls) await orNamed(downloadAll(url));
  if (firstFailure) throw firstFailure;
}

/** The videos of a source that can be had; the others are named. */
async function* available(source: VideoSource, signal: AbortSignal): AsyncGenerator<ListedVideo> {
  for await (const listed of source.list({ isKnown: () => Promise.resolve(false), signal })) {
    if (listed.failure) nameLeftOut(listed.failure);
    else yield listed;
  }
}

function nameLeftOut({ code, message }: PipelineError): void {
  note(`left out [${code}]: ${message}`);
}
