import { access } from 'node:fs/promises';
import path from 'node:path';
import { findTool, startTree, venvBinFolder } from '../../tools/index.js';
import { videoKeyOfSite, videoKeyOfUrl } from '../keys.js';
import type { VideoReference } from '../types.js';
import { classifyYtDlpFailure, ytDlpError } from './ytdlp-errors.js';

export interface YtDlpOptions {
  signal?: AbortSignal;
  /** Gets every line of standard output as it comes. */
  onLine?: (line: string) => void;
}

/**
 * Runs yt-dlp on `target` (a URL or a search) without any configuration of the user's, and returns the lines of its
 * standard output.
 *
 * @throws PipelineError as {@link classifyYtDlpFailure} says; the signal's reason after an abort
 */
export async function runYtDlp(target: string, programArguments: string[], options: YtDlpOptions): Promise<string[]> {
  const { signal, onLine } = options;
  const ytDlp = await findTool('yt-dlp');
  const common = [
    ...['--ignore-config', '--color', 'no_color', ...(await javascriptRuntime(ytDlp.path))],
    ...['--socket-timeout', '20', '--retries', '5', '--retry-sleep', 'http:exp=1:30'],
  ];
  const child = startTree(ytDlp.path, [...common, ...programArguments, '--', target], signal);
  const lines: string[] = [];
  for await (const line of child) {
    lines.push(line);
    onLine?.(line);
  }
  const result = await child;
  signal?.throwIfAborted();
  if (result.failed) {
    throw ytDlpError(target, classifyYtDlpFailure(result.stderr, result.exitCode), result);
  }
  return lines;
}

/** YouTube needs a JavaScript runtime: the deno that set-up installs beside yt-dlp. Without it yt-dlp looks on PATH. */
async function javascriptRuntime(ytDlpPath: string): Promise<string[]> {
  const executable = process.platform === 'win32' ? 'deno.exe' : 'deno';
  for (const folder of [path.dirname(ytDlpPath), venvBinFolder()]) {
    const deno = path.join(folder, executable);
    const exists = await access(deno).then(
      () => true,
      () => false,
    );
    if (exists) return ['--js-runtimes', `deno:${deno}`];
  }
  return [];
}

/** The part of yt-dlp's description of a video that is read here. */
export interface YtDlpEntry {
  _type?: string;
  id?: string;
  url?: string;
  webpage_url?: string;
  title?: string | null;
  channel?: string | null;
  uploader?: string | null;
  license?: string | null;
  duration?: number | null;
  upload_date?: string | null;
  live_status?: string | null;
  is_live?: boolean | null;
  ie_key?: string | null;
  extractor_key?: string | null;
  formats?: { url?: string }[];
  entries?: YtDlpEntry[];
}

/** What is known of a video besides its key and address. */
export type VideoMetadata = Pick<VideoReference, 'title' | 'channel' | 'licence' | 'durationSeconds' | 'uploadDate'>;

export function metadataOf(entry: YtDlpEntry): VideoMetadata {
  const metadata: VideoMetadata = {
    title: entry.title ?? undefined,
    channel: entry.channel ?? entry.uploader ?? undefined,
    licence: entry.license ?? undefined,
    durationSeconds: entry.duration ?? undefined,
    uploadDate: entry.upload_date ?? undefined,
  };
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
}

/** Extractors that work on any page: the ids they make up are file names, which repeat from site to site. */
const withoutIds = new Set(['generic', 'html5mediaembed']);

/** `<site>-<id>` where the site numbers its videos, else by the address. */
export function keyOfEntry(entry: YtDlpEntry, url: string): string {
  const site = entry.ie_key ?? entry.extractor_key;
  if (site == null || entry.id === undefined || withoutIds.has(site.toLowerCase())) return videoKeyOfUrl(url);
  return videoKeyOfSite(site, entry.id);
}
