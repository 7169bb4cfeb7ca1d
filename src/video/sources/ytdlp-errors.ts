import { PipelineError } from '../../common/errors.js';
import { failureRules, type FailureKind } from './failure-rules.js';

export interface YtDlpFailure {
  code: string;
  kind: FailureKind;
  message: string;
  retryAfterMs?: number;
}

/** yt-dlp's exit code for wrong options. */
const usageExitCode = 2;

/** yt-dlp's exit code when --max-downloads, --break-on-existing or a break filter ended it. */
const cutShortExitCode = 101;

/** `ERROR: [youtube] dQw4w9WgXcQ: ` */
const errorPrefix = /^.*?\bERROR: (?:\[[^\]]+\] (?:\S+: )?)?/i;

/** Warnings after which a missing format says nothing about the video: YouTube gave us only some of its formats. */
const formatsWithheld =
  /JavaScript runtime|challenge solving failed|formats may be missing|Only images are available|PO Token|SABR/i;

/**
 * Says what a failed yt-dlp means, from the last `ERROR:` line of its standard error. Warnings alone mean nothing: it
 * warns on every run when it is some months old. An unknown error counts as transient.
 *
 * @param exitCode undefined when the program was killed
 */
export function classifyYtDlpFailure(stderr: string, exitCode: number | undefined): YtDlpFailure {
  // A carriage return overwrites a progress line in the middle of a message.
  const lines = stderr.split(/\r?\n/).flatMap((line) => line.replaceAll('\r', '').trim() || []);
  // A crash of Python ends with its error.
  const crash = lines.some((line) => line.startsWith('Traceback (most recent call last)')) ? lines.at(-1) : undefined;
  const errorLine = lines.findLast((line) => /(?:^|: )error: |^ERROR:/i.test(line)) ?? crash;
  const text = (errorLine ?? '').replaceAll('\u2019', "'");
  if (exitCode === usageExitCode) {
    return { code: 'DOWNLOADER_USAGE', kind: 'operator', message: sentence(text, 'yt-dlp did not accept its options') };
  }
  if (errorLine === undefined && exitCode === undefined) {
    return { code: 'DOWNLOAD_INTERRUPTED', kind: 'transient', message: 'yt-dlp was killed' };
  }
  if (errorLine === undefined && exitCode === cutShortExitCode) {
    return { code: 'DOWNLOAD_SKIPPED', kind: 'permanent', message: 'its options made yt-dlp stop before it' };
  }
  const message = sentence(text, `yt-dlp ended with exit code ${exitCode} and said nothing`);
  // Addresses and ids may hold any word; what is meant is said around them.
  const statement = text.replace(errorPrefix, '').replaceAll(/\b[a-z]+:\/\/\S+/gi, '');
  const rule = failureRules.find(({ patterns }) => patterns.some((pattern) => pattern.test(statement)));
  if (rule === undefined) return { code: 'DOWNLOAD_FAILED', kind: 'transient', message };
  const { code, kind } = rule;
  if (code === 'FORMAT_UNAVAILABLE' && lines.some((line) => formatsWithheld.test(line))) {
    return { code: 'EXTRACTION_FAILED', kind: 'transient', message };
  }
  const retryAfterMs = code === 'VIDEO_NOT_YET' ? announcedDelayMs(text) : rule.retryAfterMs;
  return { code, kind, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** When an announced video begins (`Premieres in 3 hours`), and some minutes for the site to have it; else one hour. */
function announcedDelayMs(text: string): number {
  const [, count, unit = ''] = /\bin (\d+|an?) (minute|hour|day)s?\b/i.exec(text) ?? [];
  const delay = (Number(count) || 1) * (unitMs[unit.toLowerCase()] ?? NaN);
  if (Number.isFinite(delay)) return delay + 5 * 60_000;
  return /shortly|few moments/i.test(text) ? 10 * 60_000 : 60 * 60_000;
}

/** A wait that is longer than this would hold up the whole round: the next round takes the video. */
const longestWaitMs = 70 * 60_000;

const hints: Readonly<Record<string, string>> = {
  BOT_CHECK:
    'The site suspects a robot: pause for some hours, or set youtube.cookies to the cookies of a signed-in browser.',
  COOKIES_EXPIRED: 'Export the cookies from the browser again and set youtube.cookies to the new file.',
  DOWNLOADS_UNWRITABLE: 'Set paths.downloads to a folder that you may write to.',
  DISK_FULL: 'Free some space and start another round.',
  TOOL_MISSING: 'Run "npm run setup".',
  DOWNLOADER_USAGE: 'Check youtube.extra_args.',
  EXTRACTION_FAILED: 'A newer yt-dlp usually mends this: run "npm run setup" again.',
  FORMAT_UNAVAILABLE: 'The site offers nothing up to this height: raise youtube.resolution, or leave the video out.',
  URL_UNSUPPORTED: 'Give the address of a video file, or of a page with a video.',
  VIDEO_NOT_YET: 'It has not begun; a later round takes it.',
  VIDEO_RESTRICTED: 'Leave the video out, or set youtube.cookies to those of an account that may see it.',
};

/** The error for a failure; `subject` is what was asked for, a URL or a query. */
export function ytDlpError(subject: string, failure: YtDlpFailure, cause?: unknown): PipelineError {
  const { code, kind, message, retryAfterMs } = failure;
  return new PipelineError(code, `${withoutSecrets(subject)}: ${message}.`, {
    hint: hints[code] ?? (kind === 'transient' ? 'Try again later.' : 'Leave the video out.'),
    retryable: kind === 'transient' && (retryAfterMs ?? 0) <= longestWaitMs,
    retryAfterMs,
    cause,
  });
}

const operatorCodes = new Map(failureRules.map(({ code, kind, concerns }) => [code, kind === 'operator' && concerns]));

/**
 * How far a failure reaches that only a person can mend: `site`, nothing more will come from this site; `all`, nothing
 * from any. Undefined for a failure that concerns the one video.
 */
export function reachOfFailure(code: string): 'site' | 'all' | undefined {
  if (code === 'DOWNLOADER_USAGE' || code === 'COOKIES_UNREADABLE' || code === 'TOOL_TOO_OLD') return 'all';
  return operatorCodes.get(code) || undefined;
}

/** The text without what is meant for yt-dlp's developers: `ERROR: [youtube] x: text (caused by …); please report …` */
function sentence(line: string, otherwise: string): string {
  const text = line
    .replace(errorPrefix, '')
    .replace(/^.*?\berror: /, '')
    .replace(/ \(caused by .*$/, '')
    .replace(/[;.] please report this issue.*$/i, '')
    .replace(/[. ]+$/, '');
  return text === '' ? otherwise : withoutSecrets(text);
}

/** Addresses without user name, password and the values of parameters that grant access: they must not reach logs. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/\/\/[^/\s@]+@/g, '//')
    .replaceAll(/([?&;][^=&\s]*(?:token|sig|signature|key|secret|auth|password|policy)[^=&\s]*=)[^&\s'"#]+/gi, '$1…');
}
