/**
 * `permanent`: this video will never come, go on with others. `operator`: nothing more will come until a person acts.
 * `transient`: the same call may succeed later.
 */
export type FailureKind = 'permanent' | 'operator' | 'transient';

interface Rule {
  patterns: readonly RegExp[];
  code: string;
  kind: FailureKind;
  retryAfterMs?: number;
  /** Of an operator failure: whether it concerns one site or everything that is downloaded. */
  concerns?: 'site' | 'all';
}

const minute = 60_000;

/**
 * What the error lines of yt-dlp and its extractors mean. The first rule that matches decides, so what concerns more
 * than one video comes first: a rate limit and a bot check also say "Video unavailable" or "Sign in". Apostrophes are
 * plain ones here, and addresses and ids are taken out.
 */
export const failureRules: readonly Rule[] = [
  {
    // YouTube names one hour itself.
    patterns: [/rate-limited by/i, /content isn't available, try again later/i],
    code: 'RATE_LIMITED',
    kind: 'transient',
    retryAfterMs: 60 * minute,
  },
  {
    patterns: [/HTTP Error 429\b/i, /too many requests/i, /exceeded the rate limit/i],
    code: 'RATE_LIMITED',
    kind: 'transient',
    retryAfterMs: 5 * minute,
  },
  {
    // One piece of a stream is gone, not the video. Other pieces, in work at that moment, then find their file closed.
    patterns: [/Got error: HTTP Error (?:401|402|404|410|451)\b/i, /write to closed file/i],
    code: 'NETWORK_FAILED',
    kind: 'transient',
  },
  {
    patterns: [
      /confirm you're not a bot/i,
      /captcha/i,
      /All player responses are invalid/i,
      /\bIP (?:address )?is (?:likely being )?blocked/i,
      /anti-bot challenge/i,
      /rejected by server \(352\)/i, // Bilibili's word for it
    ],
    code: 'BOT_CHECK',
    kind: 'operator',
    concerns: 'site',
  },
  {
    patterns: [/cookies.*(?:no longer valid|expired)/i, /does not look like a Netscape format/i],
    code: 'COOKIES_EXPIRED',
    kind: 'operator',
    concerns: 'site',
  },
  {
    patterns: [/No space left/i, /Disk quota exceeded/i],
    code: 'DISK_FULL',
    kind: 'operator',
    concerns: 'all',
  },
  {
    patterns: [/unable to (?:open for writing|create directory)/i, /Permission denied/i, /Read-only file system/i],
    code: 'DOWNLOADS_UNWRITABLE',
    kind: 'operator',
    concerns: 'all',
  },
  {
    patterns: [/(?:ffmpeg|ffprobe|avconv|pycryptodomex?) (?:could )?not (?:be )?found/i, /ffmpeg is not installed/i],
    code: 'TOOL_MISSING',
    kind: 'operator',
    concerns: 'all',
  },
  {
    patterns: [
      /Premieres? (?:in|on|shortly)/i,
      /(?:premiere|live event|live stream) will begin/i,
      /waiting for (?:the )?(?:live|premiere)/i,
      /will be available (?:in|on|at)/i,
      /not yet (?:started|available)|not (?:started|downloadable) yet/i,
      /is scheduled for/i,
      /processing this video/i,
    ],
    code: 'VIDEO_NOT_YET',
    kind: 'transient',
  },
  {
    patterns: [
      /not made this video available in your country/i,
      /blocked it in your country/i,
      /geo.?restrict/i,
      /not available (?:in|from) your (?:country|region|location)/i,
    ],
    code: 'VIDEO_RESTRICTED',
    kind: 'permanent',
  },
  {
    patterns: [
      /private (?:video|playlist)/i,
      /(?:video|playlist) is (?:private|restricted)/i,
      /members[- ]only|(?:premium|channel's) members|supporter-only/i,
      /Join this channel/i,
      /confirm your age|age.restricted/i,
      /\bDRM\b/i,
      /HTTP Error (?:401|402|451)\b/i,
      /only available for registered users|requires? (?:payment|authentication)|authentication is required/i,
      /(?:need|have|must be) (?:to )?(?:log|sign|logged)[- ]?(?:in|into)\b|when logged-in|Please sign in/i,
      /not authorized|purchase the|does not have access/i,
      /wrong (?:video )?password|protected by a password/i,
    ],
    code: 'VIDEO_RESTRICTED',
    kind: 'permanent',
  },
  { patterns: [/Requested format is not available/i], code: 'FORMAT_UNAVAILABLE', kind: 'permanent' },
  {
    patterns: [
      /\bn.?challenge|JS challenge|nsig\b/i,
      /signature (?:extraction|solving)/i,
      /player response/i,
      /Unable to extract|Failed to (?:parse|extract)|Cannot (?:parse data|identify player)/i,
      /extractor error has occurred|Incomplete yt initial data/i,
      /not available (?:on|in) this app/i,
      /page needs to be reloaded/i,
    ],
    code: 'EXTRACTION_FAILED',
    kind: 'transient',
  },
  {
    patterns: [
      /Unsupported URL/i,
      /is not a valid URL|Invalid URL|No suitable extractor/i,
      /Incomplete YouTube ID|without video ID/i,
      /URLs are disabled|Unsupported url scheme/i,
      /No (?:video formats|media|valid video URL) found|No video could be found|There(?: i|')s no video|is not a video/i,
    ],
    code: 'URL_UNSUPPORTED',
    kind: 'permanent',
  },
  {
    patterns: [
      /HTTP Error (?:404|410)\b/i,
      /Video (?:#?\w+ )?(?:is )?(?:unavailable|not available)/i,
      /(?:content|playlist|recording) is (?:not available|unavailable|unreachable)/i,
      /(?:isn't|no longer) available/i,
      /(?:does not|no longer) exists?/i,
      /removed by the (?:uploader|user)|has been (?:removed|deleted)/i,
      /(?:live ?stream|event) has ended/i,
      /account .*(?:terminated|closed)/i,
      /violati(?:ng|on of) YouTube's/i,
    ],
    code: 'VIDEO_UNAVAILABLE',
    kind: 'permanent',
  },
  { patterns: [/HTTP Error 403\b/i], code: 'DOWNLOAD_REFUSED', kind: 'transient' },
  { patterns: [/HTTP Error 5\d\d\b/i], code: 'SITE_FAILED', kind: 'transient' },
  {
    patterns: [
      /timed? ?out/i,
      /connection|reset by peer|remote end closed|EOF occurred/i,
      /resolve|urlopen error|network|proxy/i,
      /\bSSL\b|certificate/i,
      /IncompleteRead|more expected|bytes read|too short|Incomplete data|downloaded file is empty/i,
      /Did not get any data|fragment \d+ not found/i,
    ],
    code: 'NETWORK_FAILED',
    kind: 'transient',
  },
];
