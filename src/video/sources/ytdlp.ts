import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import { confine, findTool, programEnvironment, startTree, stopTree } from '../../tools/index.js';
import { javascriptRuntimes } from './javascript-runtime.js';
import { isLocalAddress, type SiteOptions } from './site-options.js';
import { classifyYtDlpFailure, ytDlpError } from './ytdlp-errors.js';

export interface YtDlpRun {
  site?: SiteOptions;
  signal?: AbortSignal;
  /** Gets every line of standard output as it comes. */
  onLine?: (line: string) => void;
  /** Gets the id of the process, which leads a process group of its own. */
  onStart?: (pid: number) => Promise<void>;
  /** An empty folder for the options and the cookies; it is removed in the end. Default: one of the system's own. */
  privateFolder?: string;
}

/**
 * Runs yt-dlp on `target` (a URL or a search) without any configuration of the user's, and returns the lines of its
 * standard output. All options exist in the oldest version that is taken (scripts/tools.json).
 *
 * Options, target and cookies go by files that only this user may read, since the arguments of a process are open to
 * everybody on the machine and the user's may hold a password. When this function returns or throws, yt-dlp and all that
 * it started have ended.
 *
 * @throws PipelineError as {@link classifyYtDlpFailure} says; COOKIES_UNREADABLE; the signal's reason after an abort
 */
export async function runYtDlp(target: string, programArguments: readonly string[], run: YtDlpRun): Promise<string[]> {
  const { signal, onLine, onStart, site = {} } = run;
  const ytDlp = await findTool('yt-dlp');
  const folder = run.privateFolder ?? (await mkdtemp(path.join(tmpdir(), 'frameloop-')));
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const options = [
      ...['--color', 'no_color', ...(await javascriptRuntimes(ytDlp.path))],
      ...['--socket-timeout', '20', '--retries', '5', '--retry-sleep', 'http:exp=1:30'],
      ...(await optionsForSite(site, target, folder)),
      ...programArguments,
      ...(site.extraArgs ?? []),
      target,
    ];
    const file = path.join(folder, 'options');
    await writeFile(file, options.map(quoted).join('\n'), { mode: 0o600 });
    const child = startTree(...confine(ytDlp.path, ['--ignore-config', '--config-locations', file]), signal, {
      env: programEnvironment({ network: true }),
    });
    try {
      if (child.pid !== undefined) await onStart?.(child.pid);
      const lines: string[] = [];
      for await (const line of child) {
        lines.push(line);
        onLine?.(line);
      }
      const result = await child;
      signal?.throwIfAborted();
      if (result.failed) throw ytDlpError(target, classifyYtDlpFailure(result.stderr, result.exitCode), result);
      return lines;
    } catch (error) {
      await stopTree(child);
      throw error;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function optionsForSite(site: SiteOptions, target: string, folder: string): Promise<string[]> {
  const { cookies, pluginFolder, sleepRequestsSeconds = 0 } = site;
  const options: string[] = [];
  if (pluginFolder !== undefined) options.push('--plugin-dirs', path.resolve(pluginFolder));
  if (sleepRequestsSeconds > 0 && !isLocalAddress(target)) options.push('--sleep-requests', `${sleepRequestsSeconds}`);
  // yt-dlp writes the cookies back: each process needs a file of its own.
  if (cookies !== undefined) options.push('--cookies', await copyCookies(cookies, folder));
  return options;
}

async function copyCookies(cookies: string, folder: string): Promise<string> {
  const copy = path.join(folder, 'cookies.txt');
  await copyFile(cookies, copy).catch((error: unknown) => {
    throw new PipelineError('COOKIES_UNREADABLE', `The cookies file ${cookies} cannot be read.`, {
      hint: 'Check youtube.cookies.',
      cause: error,
    });
  });
  return copy;
}

/** A word of yt-dlp's option files, which Python's shlex reads by the rules of the POSIX shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}
