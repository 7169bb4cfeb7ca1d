import { describe, expect, it } from 'vitest';
import type { FailureKind } from '../../../src/video/sources/failure-rules.js';
import { classifyYtDlpFailure, reachOfFailure, ytDlpError } from '../../../src/video/sources/ytdlp-errors.js';

/** Error lines as yt-dlp prints them (its messages and those of its extractors), and what they mean for the pipeline. */
const lines: [string, FailureKind, string][] = [
  ['ERROR: Unsupported URL: http://127.0.0.1:8000/none.html', 'permanent', 'URL_UNSUPPORTED'],
  [
    'ERROR: [generic] \'foo\' is not a valid URL. Set --default-search "ytsearch" to search YouTube',
    'permanent',
    'URL_UNSUPPORTED',
  ],
  [
    'ERROR: [youtube:truncated_id] abc: Incomplete YouTube ID abc. URL looks truncated.',
    'permanent',
    'URL_UNSUPPORTED',
  ],
  [
    'ERROR: [generic] file:// URLs are disabled by default in yt-dlp for security reasons.',
    'permanent',
    'URL_UNSUPPORTED',
  ],
  ['ERROR: [youtube] abc: Video unavailable', 'permanent', 'VIDEO_UNAVAILABLE'],
  [
    'ERROR: [youtube] abc: Video unavailable. This video has been removed by the uploader',
    'permanent',
    'VIDEO_UNAVAILABLE',
  ],
  [
    'ERROR: [youtube] abc: This video is no longer available because the YouTube account associated with this video has been terminated.',
    'permanent',
    'VIDEO_UNAVAILABLE',
  ],
  [
    "ERROR: [youtube] abc: This video has been removed for violating YouTube's Terms of Service",
    'permanent',
    'VIDEO_UNAVAILABLE',
  ],
  [
    'ERROR: [youtube] abc: This video has been removed for violating YouTube’s Community Guidelines',
    'permanent',
    'VIDEO_UNAVAILABLE',
  ],
  [
    "ERROR: [youtube] abc: Private video. Sign in if you've been granted access to this video. Use --cookies",
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  [
    'ERROR: [youtube] abc: This video is available to this channel’s members on level: X. Join this channel to get access to members-only content.',
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  [
    'ERROR: [youtube] abc: Sign in to confirm your age. This video may be inappropriate for some users.',
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  ['ERROR: [site] abc: This video is DRM protected', 'permanent', 'VIDEO_RESTRICTED'],
  [
    'ERROR: [youtube] abc: Video unavailable. The uploader has not made this video available in your country',
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  [
    'ERROR: [site] abc: This video is not available from your location due to geo restriction',
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  [
    'ERROR: [youtube] abc: Requested format is not available. Use --list-formats for a list of available formats',
    'permanent',
    'FORMAT_UNAVAILABLE',
  ],
  [
    'ERROR: [generic] a: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404: Not Found>)',
    'permanent',
    'VIDEO_UNAVAILABLE',
  ],
  [
    'ERROR: [generic] a: Unable to download webpage: HTTP Error 410: Gone (caused by <HTTPError 410: Gone>)',
    'permanent',
    'VIDEO_UNAVAILABLE',
  ],

  [
    'ERROR: [youtube] abc: Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies',
    'operator',
    'BOT_CHECK',
  ],
  [
    "ERROR: [youtube] abc: Sign in to confirm you're not a bot. Use --cookies-from-browser or --cookies",
    'operator',
    'BOT_CHECK',
  ],
  ['ERROR: [site] abc: The site requires solving a captcha challenge', 'operator', 'BOT_CHECK'],
  [
    'ERROR: [youtube] abc: All player responses are invalid. Your IP is likely being blocked by Youtube',
    'operator',
    'BOT_CHECK',
  ],
  ['ERROR: [youtube] abc: The provided YouTube account cookies are no longer valid.', 'operator', 'COOKIES_EXPIRED'],
  ['ERROR: unable to write data: [Errno 28] No space left on device', 'operator', 'DISK_FULL'],
  [
    'ERROR: Postprocessing: ffprobe and ffmpeg not found. Please install or provide the path using --ffmpeg-location',
    'operator',
    'TOOL_MISSING',
  ],
  [
    'ERROR: You have requested merging of multiple formats but ffmpeg is not installed. Aborting due to --abort-on-error',
    'operator',
    'TOOL_MISSING',
  ],

  [
    'ERROR: [generic] a: Unable to download webpage: HTTP Error 429: Too Many Requests (caused by <HTTPError 429>)',
    'transient',
    'RATE_LIMITED',
  ],
  [
    "ERROR: [youtube] abc: Video unavailable. This content isn't available, try again later. The current session has been rate-limited by YouTube for up to an hour.",
    'transient',
    'RATE_LIMITED',
  ],
  ['ERROR: [youtube] abc: This content isn’t available, try again later.', 'transient', 'RATE_LIMITED'],
  ['ERROR: [generic] a: Unable to download webpage: HTTP Error 500: Internal Server Error', 'transient', 'SITE_FAILED'],
  ['ERROR: unable to download video data: HTTP Error 503: Service Unavailable', 'transient', 'SITE_FAILED'],
  ['ERROR: unable to download video data: HTTP Error 403: Forbidden', 'transient', 'DOWNLOAD_REFUSED'],
  [
    "ERROR: [download] Got error: HTTPConnectionPool(host='127.0.0.1', port=1): Read timed out.. Giving up after 1 retries",
    'transient',
    'NETWORK_FAILED',
  ],
  [
    'ERROR: [generic] Unable to download webpage: <urlopen error [Errno 111] Connection refused>',
    'transient',
    'NETWORK_FAILED',
  ],
  [
    "ERROR: [generic] Unable to download webpage: Failed to resolve 'nowhere.invalid' ([Errno -2] Name or service not known)",
    'transient',
    'NETWORK_FAILED',
  ],
  [
    'ERROR: [generic] Unable to download webpage: HTTPSConnection(host=x, port=443): Failed to establish a new connection',
    'transient',
    'NETWORK_FAILED',
  ],
  [
    "ERROR: [generic] Unable to download webpage: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
    'transient',
    'NETWORK_FAILED',
  ],
  ['ERROR: IncompleteRead(100 bytes read, 900 more expected)', 'transient', 'NETWORK_FAILED'],
  ['ERROR: [youtube] abc: Premieres in 3 hours', 'transient', 'VIDEO_NOT_YET'],
  ['ERROR: [youtube] abc: This live event will begin in 20 minutes.', 'transient', 'VIDEO_NOT_YET'],
  ['ERROR: [youtube] abc: n challenge solving failed: Some formats may be missing', 'transient', 'EXTRACTION_FAILED'],
  ['ERROR: [youtube] abc: Signature extraction failed: Some formats may be missing', 'transient', 'EXTRACTION_FAILED'],
  ['ERROR: [youtube:tab] PLx: YouTube said: The playlist does not exist.', 'permanent', 'VIDEO_UNAVAILABLE'],
  ['ERROR: [BiliBili] BV1x: Video BV1x does not exist', 'permanent', 'VIDEO_UNAVAILABLE'],
  ['ERROR: [youtube] abc: This live event has ended.', 'permanent', 'VIDEO_UNAVAILABLE'],
  ['ERROR: [youtube] abc: This live stream recording is not available.', 'permanent', 'VIDEO_UNAVAILABLE'],
  ['ERROR: [youtube] abc: Video unavailable. This video is no longer available', 'permanent', 'VIDEO_UNAVAILABLE'],
  ["ERROR: [youtube] abc: This video isn't available anymore", 'permanent', 'VIDEO_UNAVAILABLE'],
  [
    'ERROR: [youtube] abc: Video unavailable. This video contains content from X, who has blocked it in your country on copyright grounds',
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  ['ERROR: [twitter] 12: NSFW tweet requires authentication. Use --cookies', 'permanent', 'VIDEO_RESTRICTED'],
  ['ERROR: [vimeo] 12: Wrong video password', 'permanent', 'VIDEO_RESTRICTED'],
  ['ERROR: [generic] a: Unable to download webpage: HTTP Error 401: Unauthorized', 'permanent', 'VIDEO_RESTRICTED'],
  [
    'ERROR: [site] 1: This video is only available for registered users. Use --cookies',
    'permanent',
    'VIDEO_RESTRICTED',
  ],
  ['ERROR: [twitter] 12: No video could be found in this tweet', 'permanent', 'URL_UNSUPPORTED'],
  ['ERROR: [site] abc: No video formats found!; please report this issue on https://x', 'permanent', 'URL_UNSUPPORTED'],
  ['ERROR: [Reddit] x: No media found', 'permanent', 'URL_UNSUPPORTED'],
  // Words in an address or an id mean nothing.
  ['ERROR: Unsupported URL: https://example.org/captcha/drm/timeout', 'permanent', 'URL_UNSUPPORTED'],
  ['ERROR: [youtube] x-DRM-captcha: Video unavailable', 'permanent', 'VIDEO_UNAVAILABLE'],
  ['ERROR: [Bilibili] 1: Request is rejected by server (352)', 'operator', 'BOT_CHECK'],
  ['ERROR: [TikTok] 1: Your IP address is blocked from accessing this post', 'operator', 'BOT_CHECK'],
  [
    'ERROR: [generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with --extractor-args "generic:impersonate"',
    'operator',
    'BOT_CHECK',
  ],
  ['ERROR: unable to write data: [Errno 122] Disk quota exceeded', 'operator', 'DISK_FULL'],
  ["ERROR: unable to open for writing: [Errno 13] Permission denied: '/x.part'", 'operator', 'DOWNLOADS_UNWRITABLE'],
  ['ERROR: m3u8 download detected but ffmpeg could not be found. Please install', 'operator', 'TOOL_MISSING'],
  ['ERROR: [vimeo] You have exceeded the rate limit. Try again later', 'transient', 'RATE_LIMITED'],
  ['ERROR: [youtube] abc: Premieres shortly', 'transient', 'VIDEO_NOT_YET'],
  ['ERROR: [youtube] abc: We’re processing this video. Check back later.', 'transient', 'VIDEO_NOT_YET'],
  ['ERROR: [site] x: This live broadcast has not yet started', 'transient', 'VIDEO_NOT_YET'],
  ['ERROR: [youtube] abc: Failed to extract any player response', 'transient', 'EXTRACTION_FAILED'],
  ['ERROR: [youtube] abc: The page needs to be reloaded.', 'transient', 'EXTRACTION_FAILED'],
  [
    'ERROR: [youtube] abc: The following content is not available on this app. Watch on the latest version of YouTube.',
    'transient',
    'EXTRACTION_FAILED',
  ],
  ['ERROR: [site] x: Unable to extract title; please report this issue', 'transient', 'EXTRACTION_FAILED'],
  ["ERROR: x: An extractor error has occurred. (caused by KeyError('url'))", 'transient', 'EXTRACTION_FAILED'],
  // With the carriage return that really is in it.
  [
    "ERROR: \r[download] Got error: HTTPConnectionPool(host='127.0.0.1', port=1): Read timed out.",
    'transient',
    'NETWORK_FAILED',
  ],
  ['ERROR: Did not get any data blocks', 'transient', 'NETWORK_FAILED'],
  ['ERROR: fragment 3 not found, unable to continue', 'transient', 'NETWORK_FAILED'],
  ['ERROR: \r[download] Got error: HTTP Error 404: Not Found', 'transient', 'NETWORK_FAILED'],
  ['ERROR: write to closed file', 'transient', 'NETWORK_FAILED'],
  ['ERROR: unable to download video data: HTTP Error 404: Not Found', 'permanent', 'VIDEO_UNAVAILABLE'],
  ['ERROR: The downloaded file is empty', 'transient', 'NETWORK_FAILED'],
  ['ERROR: content too short (expected 900 bytes and served 100)', 'transient', 'NETWORK_FAILED'],
  [
    'ERROR: [generic] Unable to download webpage: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed',
    'transient',
    'NETWORK_FAILED',
  ],

  ['ERROR: [site] abc: Something nobody has seen before', 'transient', 'DOWNLOAD_FAILED'],
];

describe('what a failure of yt-dlp means', () => {
  it.each(lines)('%s', (line, kind, code) => {
    expect(classifyYtDlpFailure(`WARNING: Your yt-dlp version is older than 90 days!\n${line}\n`, 1)).toMatchObject({
      kind,
      code,
    });
  });

  it('the last error decides, warnings never do', () => {
    const stderr = [
      'ERROR: [generic] a: HTTP Error 503: Service Unavailable',
      'ERROR: [youtube] abc: Private video. Sign in',
      'WARNING: HTTP Error 429: Too Many Requests',
    ].join('\r\n');
    expect(classifyYtDlpFailure(stderr, 1)).toMatchObject({ code: 'VIDEO_RESTRICTED' });
  });

  it('says when to come back: the hour that the site names, minutes after 429', () => {
    const after = (line: string): number | undefined => classifyYtDlpFailure(line, 1).retryAfterMs;
    expect(after("ERROR: [youtube] a: This content isn't available, try again later. rate-limited by YouTube")).toBe(
      3_600_000,
    );
    expect(after('ERROR: HTTP Error 429: Too Many Requests')).toBeGreaterThanOrEqual(60_000);
    expect(after('ERROR: HTTP Error 500: x')).toBeUndefined();
  });

  it('an announced video is worth a wait of an hour at most, then the next round takes it', () => {
    const announced = (text: string) => ytDlpError('x', classifyYtDlpFailure(`ERROR: [youtube] a: ${text}`, 1));
    expect(announced('This live event will begin in 20 minutes.')).toMatchObject({
      retryable: true,
      retryAfterMs: 25 * 60_000,
    });
    expect(announced('Premieres in 3 hours')).toMatchObject({ retryable: false, code: 'VIDEO_NOT_YET' });
    expect(announced('Premieres in 2 days')).toMatchObject({ retryable: false });
    expect(announced('Premieres shortly')).toMatchObject({ retryable: true, retryAfterMs: 10 * 60_000 });
  });

  it('a missing format is no fault of the video when the site gave only some', () => {
    const stderr = [
      'WARNING: [youtube] abc: n challenge solving failed: Some formats may be missing',
      'ERROR: [youtube] abc: Requested format is not available. Use --list-formats for a list of available formats',
    ];
    expect(classifyYtDlpFailure(stderr.join('\n'), 1)).toMatchObject({ kind: 'transient', code: 'EXTRACTION_FAILED' });
  });

  it('a crash is told by its last line', () => {
    const crash =
      'Traceback (most recent call last):\n  File "x.py", line 1\nOSError: [Errno 28] No space left on device';
    expect(classifyYtDlpFailure(crash, 1)).toEqual({
      ...{ code: 'DISK_FULL', kind: 'operator', message: 'OSError: [Errno 28] No space left on device' },
    });
  });

  it('says whether it concerns the video, its site, or everything', () => {
    expect(['BOT_CHECK', 'COOKIES_EXPIRED'].map(reachOfFailure)).toEqual(['site', 'site']);
    expect(['DISK_FULL', 'TOOL_MISSING', 'DOWNLOADER_USAGE'].map(reachOfFailure)).toEqual(['all', 'all', 'all']);
    for (const [, kind, code] of lines) expect(reachOfFailure(code) !== undefined, code).toBe(kind === 'operator');
  });

  it('values that grant access are left out of addresses', () => {
    const url = 'https://cdn.example.org/v.mp4?id=7&token=geheim&X-Amz-Signature=geheim2#t=3';
    const { message } = ytDlpError(url, classifyYtDlpFailure('ERROR: HTTP Error 500: x', 1));
    expect(message).toContain('https://cdn.example.org/v.mp4?id=7');
    expect(message).not.toContain('geheim');
  });

  it('wrong options are for a person, being killed is not', () => {
    const usage = 'Usage: yt-dlp [OPTIONS] URL [URL...]\n\nyt-dlp: error: no such option: --bad\n';
    expect(classifyYtDlpFailure(usage, 2)).toEqual({
      code: 'DOWNLOADER_USAGE',
      kind: 'operator',
      message: 'no such option: --bad',
    });
    expect(classifyYtDlpFailure('', undefined)).toMatchObject({ kind: 'transient', code: 'DOWNLOAD_INTERRUPTED' });
  });

  it('the message is the fact alone: no prefix, no cause in Python, no plea for bug reports', () => {
    const message = (line: string): string => classifyYtDlpFailure(line, 1).message;
    expect(
      message('ERROR: [generic] a: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404>)'),
    ).toBe('Unable to download webpage: HTTP Error 404: Not Found');
    expect(
      message('ERROR: [x] y: Odd; please report this issue on  https://example.org , filling out the template'),
    ).toBe('Odd');
  });

  it('only what is transient may be retried, and every error has a hint; passwords in addresses are left out', () => {
    for (const [line, kind] of lines) {
      const error = ytDlpError(
        'https://me:secret@example.org/v',
        classifyYtDlpFailure(`${line} https://me:secret@example.org/`, 1),
      );
      // What begins in some hours is left to the next round.
      expect(error.retryable).toBe(kind === 'transient' && !line.includes('Premieres in 3 hours'));
      expect(error.hint).toBeTruthy();
      expect(error.message).not.toContain('secret');
    }
  });
});
