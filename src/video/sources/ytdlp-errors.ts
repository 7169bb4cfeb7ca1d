import { PipelineError } from '../../common/errors.js';

/**
 * `permanent`: this video will never come, go on with others. `operator`: nothing more will come from this source until
 * a person acts. `transient`: the same call may succeed later.
 */
export type FailureKind = 'permanent' | 'operator' | 'transient';

export interface YtDlpFailure {
  code: string;
  kind: FailureKind;
  message: string;
  retryAfterMs?: number;
}

interface Rule {
  pattern: RegExp;
  code: string;
  kind: FailureKind;
  retryAfterMs?: number;
}

const minute = 60_000;

/** The first rule that matches decides: a rate limit and a bot check also say "Video unavailable" or "Sign in". */
const rules: readonly Rule[] = [
  // The site names one hour itself.
  {
    pattern: /rate-limited by|isn't available, try again later/i,
    code: 'RATE_LIMITED',
    kind: 'transient',
    retryAfterMs: 60 * minute,
  },
  { pattern: /HTTP Error 429|too many requests/i, code: 'RATE_LIMITED', kind: 'transient', retryAfterMs: 5 * minute },
  {
    pattern: /confirm you're not a bot|captcha|All player responses are invalid|IP is likely being blocked/i,
    code: 'BOT_CHECK',
    kind: 'operator',
  },
  {
    pattern: /cookies (?:are|have) (?:no longer valid|expired)|cookies.*expired/i,
    code: 'COOKIES_EXPIRED',
    kind: 'operator',
  },
  { pattern: /No space left/i, code: 'DISK_FULL', kind: 'operator' },
  {
    pattern: /ff(?:mpeg|probe)(?: and ffprobe| or avconv)? (?:was )?not found|ffmpeg is not installed/i,
    code: 'TOOL_MISSING',
    kind: 'operator',
  },
  {
    pattern: /Premieres? in|live event will begin|waiting for (?:the )?(?:live|premiere)/i,
    code: 'VIDEO_NOT_YET',
    kind: 'transient',
    retryAfterMs: 60 * minute,
  },
  {
    pattern:
      /not made this video available in your country|geo.?restrict|not available (?:in|from) your (?:country|location)/i,
    code: 'VIDEO_RESTRICTED',
    kind: 'permanent',
  },
  {
    pattern:
      /Private video|video is private|members-only|members only|Join this channel|confirm your age|age-restricted|DRM|HTTP Error 401/i,
    code: 'VIDEO_RESTRICTED',
    kind: 'permanent',
  },
  { pattern: /Requested format is not available/i, code: 'FORMAT_UNAVAILABLE', kind: 'permanent' },
  {
    pattern: /Unsupported URL|is not a valid URL|Incomplete YouTube ID|URLs are disabled/i,
    code: 'URL_UNSUPPORTED',
    kind: 'permanent',
  },
  {
    pattern:
      /HTTP Error 4(?:04|10)|Video unavailable|video (?:is )?(?:not available|unavailable)|removed by the uploader|has been removed|account .*terminated|violati(?:ng|on of) YouTube's/i,
    code: 'VIDEO_UNAVAILABLE',
    kind: 'permanent',
  },
  { pattern: /HTTP Error 403/i, code: 'DOWNLOAD_REFUSED', kind: 'transient' },
  { pattern: /HTTP Error 5\d\d/i, code: 'SITE_FAILED', kind: 'transient' },
  {
    pattern: /n.?challenge|signature (?:extraction|solving)|nsig|player response/i,
    code: 'EXTRACTION_FAILED',
    kind: 'transient',
  },
  {
    pattern: /timed? ?out|connection|resolve|IncompleteRead|reset by peer|urlopen error|more expected|network/i,
    code: 'NETWORK_FAILED',
    kind: 'transient',
  },
];

/** yt-dlp's exit code for wrong options. */
const usageExitCode = 2;

/**
 * Says what a failed yt-dlp means, from the last `ERROR:` line of its standard error. Warnings alone mean nothing: it
 * warns on every run when it is some months old. An unknown error counts as transient.
 *
 * @param exitCode undefined when the program was killed
 */
export function classifyYtDlpFailure(stderr: string, exitCode: number | undefined): YtDlpFailure {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '');
  const errorLine = lines.findLast((line) => /(?:^|: )error: |^ERROR:/i.test(line));
  const text = (errorLine ?? '').replaceAll('\u2019', "'");
  if (exitCode === usageExitCode) {
    return { code: 'DOWNLOADER_USAGE', kind: 'operator', message: sentence(text, 'yt-dlp did not accept its options') };
  }
  if (errorLine === undefined && exitCode === undefined) {
    return { code: 'DOWNLOAD_INTERRUPTED', kind: 'transient', message: 'yt-dlp was killed' };
  }
  const rule = rules.find(({ pattern }) => pattern.test(text));
  const message = sentence(text, `yt-dlp ended with exit code ${exitCode} and said nothing`);
  if (rule === undefined) return { code: 'DOWNLOAD_FAILED', kind: 'transient', message };
  const { code, kind, retryAfterMs } = rule;
  return { code, kind, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const hints: Readonly<Record<string, string>> = {
  BOT_CHECK:
    'The site suspects a robot: pause for some hours, or set youtube.cookies to the cookies of a signed-in browser.',
  COOKIES_EXPIRED: 'Export the cookies from the browser again and set youtube.cookies to the new file.',
  DISK_FULL: 'Free some space and try again.',
  TOOL_MISSING: 'Run "npm run setup".',
  DOWNLOADER_USAGE: 'Check youtube.extra_args.',
  EXTRACTION_FAILED: 'A newer yt-dlp usually mends this: run "npm run setup" again.',
  FORMAT_UNAVAILABLE: 'The site offers nothing up to this height: raise youtube.resolution, or leave the video out.',
  URL_UNSUPPORTED: 'Give the address of a video file, or of a page with a video.',
  VIDEO_RESTRICTED: 'Leave the video out, or set youtube.cookies to those of an account that may see it.',
};

/** The error for a failure; `subject` is what was asked for, a URL or a query. */
export function ytDlpError(subject: string, failure: YtDlpFailure, cause?: unknown): PipelineError {
  return new PipelineError(failure.code, `${withoutSecrets(subject)}: ${failure.message}.`, {
    hint: hints[failure.code] ?? (failure.kind === 'transient' ? 'Try again later.' : 'Leave the video out.'),
    retryable: failure.kind === 'transient',
    retryAfterMs: failure.retryAfterMs,
    cause,
  });
}

/** The text without what is meant for yt-dlp's developers: `ERROR: [youtube] x: text (caused by …); please report …` */
function sentence(line: string, otherwise: string): string {
  const text = line
    .replace(/^.*?\bERROR: /i, '')
    .replace(/^\[[^\]]+\] (?:\S+: )?/, '')
    .replace(/ \(caused by .*$/, '')
    .replace(/[;.] please report this issue.*$/i, '')
    .replace(/[. ]+$/, '');
  return text === '' ? otherwise : withoutSecrets(text);
}

/** A user name and password in a URL must not reach logs. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]+@/g, '//');
}
