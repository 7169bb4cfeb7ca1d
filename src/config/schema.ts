import { z } from 'zod';
import { parseDuration } from './duration.js';

/** A duration: seconds, `"180s"`, `"3m"` …; becomes seconds. */
const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  const seconds = parseDuration(value);
  if (seconds !== undefined) return seconds;
  context.addIssue({ code: 'custom', message: `"${value}" is no duration: write 180, "180s", "3m", "2h" or "30d"` });
  return z.NEVER;
});

const interval = duration.refine((seconds) => seconds > 0, 'must be longer than 0');
const share = z.number().min(0).max(1);
const step = z.strictObject({ enabled: z.boolean().default(true) }).prefault({});

/** The height that is the upper limit of a download: `"720"`, `720` or `"720p"`. */
const resolution = z.union([z.number(), z.string()]).transform((value, context) => {
  const height = Number(String(value).replace(/p$/, ''));
  if (Number.isInteger(height) && height >= 16 && height <= 8640) return height;
  context.addIssue({ code: 'custom', message: `"${value}" is no height in pixels: write "720" or "1080"` });
  return z.NEVER;
});

const paths = z.strictObject({
  /** Everything Frameloop keeps: rounds, catalog, log, and by default videos, frames and dataset too. */
  data: z.string().min(1).default('data'),
  downloads: z.string().min(1).optional(),
  output: z.string().min(1).optional(),
  dataset: z.string().min(1).optional(),
});

/** A size: bytes, `"500K"`, `"5M"`, `"2G"` (of 1024); becomes bytes. */
const size = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(String(value).trim()) ?? [];
  const bytes = Math.round(Number(number) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase()));
  if (bytes > 0) return bytes;
  context.addIssue({ code: 'custom', message: `"${value}" is no size: write 500000, "500K", "5M" or "2G"` });
  return z.NEVER;
});

const sources = z.strictObject({
  urls: z.array(z.string().min(1)).default([]),
  /** Videos of each playlist or channel among the URLs, from its beginning. */
  playlist_limit: z.number().int().min(1).default(100),
  /** Of one round, which keeps its history small; the next round takes the others. */
  max_videos: z.number().int().min(1).max(1000).default(500),
  /** Files, folders and globs. */
  files: z.array(z.string().min(1)).default([]),
});

const youtube = z.strictObject({
  queries: z.array(z.string().min(1)).default([]),
  /** New videos wanted for each query. */
  num_videos: z.number().int().min(1).default(3),
  resolution: resolution.default(720),
  min_duration: duration.optional(),
  max_duration: duration.optional(),
  max_filesize: size.optional(),
  /** yt-dlp's prefix for the search of a site. */
  search_key: z
    .string()
    .regex(/^[a-z][a-z\d_:]*$/i, 'is what yt-dlp writes before the number, as in "ytsearch"')
    .default('ytsearch'),
  /** Bytes per second of one download. */
  rate_limit: size.optional(),
  /** Before each download; at random up to twice as long. What yt-dlp recommends against YouTube's bot check. */
  sleep_interval: duration.default(10),
  /** Between two requests while a page is read. The same recommendation. */
  sleep_requests: duration.default(0.75),
  /** A cookies file in Netscape format, given to yt-dlp. */
  cookies: z.string().min(1).optional(),
  /** A folder of plug-ins for yt-dlp. */
  plugins: z.string().min(1).optional(),
  extra_args: z.array(z.string()).default([]),
});

const video = z
  .strictObject({
    /** Seconds between frames: 180 = one frame every 3 minutes. */
    framerate: interval.default(180),
    sampling: z.enum(['interval', 'keyframe', 'scene']).default('interval'),
    /** Least change of a cut, 0..255. */
    scene_threshold: z.number().min(1).max(255).optional(),
    /** Of the frames up to this time after a wanted one the sharpest is taken. */
    sharpest_within: duration.default(0),
    /** Frames whose brightness (0..255) deviates less from its mean are left out. */
    blank_deviation: z.number().min(0).max(127).default(3),
    /** Frames whose hash differs in fewer bits from that of an earlier frame of the video are left out. */
    duplicate_distance: z.number().int().min(0).max(64).default(0),
    skip_start: duration.default(0),
    skip_end: duration.default(0),
    max_frames: z.number().int().min(1).optional(),
    jpeg_quality: z.number().int().min(1).max(100).default(95),
  })
  .refine(
    ({ sampling, sharpest_within }) => sharpest_within === 0 || sampling === 'interval',
    'sharpest_within goes with "sampling: interval" only: the others choose their frames themselves',
  )
  .refine(
    ({ sampling, scene_threshold }) => scene_threshold === undefined || sampling === 'scene',
    'scene_threshold goes with "sampling: scene" only',
  );

const detector = z.strictObject({
  confidence: share.default(0.25),
  iou: share.default(0.7),
  /** Boxes of different classes suppress each other too. */
  agnostic: z.boolean().default(false),
  max_detections: z.number().int().min(1).default(300),
  image_size: z.number().int().min(32).optional(),
  /** Keep only these labels. */
  classes: z.array(z.string()).optional(),
  /** Names of the classes, where the model carries none. */
  labels: z.array(z.string()).optional(),
  layout: z.enum(['yolov8', 'yolov5', 'yolox', 'end2end', 'rtdetr', 'detr']).optional(),
  /** `exact`: byte for byte as OpenCV scales; `fast`: large JPEG files are decoded smaller. */
  resize: z.enum(['exact', 'fast']).default('exact'),
  threads: z.number().int().min(1).optional(),
  device: z.enum(['auto', 'cpu', 'cuda', 'coreml', 'directml', 'webgpu']).default('auto'),
});

const weight = z.number().min(0);

const selection = z
  .strictObject({
    strategy: z.enum(['interval', 'uncertainty']).default('uncertainty'),
    /** What people can do in one round; without it every sampled frame goes to them. */
    budget: z.number().int().min(1).optional(),
    budget_unit: z.enum(['frames', 'boxes']).default('frames'),
    require_detections: z.boolean().default(false),
    control: share.default(0.1),
    /** Share of the control frames. */
    blind: share.default(0.5),
    explore: share.default(0.1),
    per_video: share.refine((value) => value > 0, 'must be more than 0').optional(),
    per_class: z.record(z.string(), share).optional(),
    scores: z
      .strictObject({
        entropy: weight.default(1),
        difficulty: weight.default(0.2),
        rarity: weight.default(0.5),
        flicker: weight.default(1),
      })
      .prefault({}),
    aggregate: z.enum(['sum', 'max', 'mean']).default('sum'),
    diversity: z.enum(['k_center', 'k_means', 'none']).default('k_center'),
    min_hamming_distance: z.number().int().min(0).max(64).default(4),
    seed: z.string().default('frameloop'),
  })
  .refine(
    ({ control, explore, per_class }) =>
      control + explore + Object.values(per_class ?? {}).reduce((sum, quota) => sum + quota, 0) <= 1 + 1e-9,
    'control, explore and the shares in per_class together must be 1 at most',
  );

const cvat = z.strictObject({
  /** "auto" = the date; the round's id is added in either case, so that every task has a name of its own. */
  task_name: z.string().min(1).max(150).default('auto'),
  annotations_format: z.string().min(1).default('YOLOv8 Detection 1.0'),
  /** Found by this name, or created, when CVAT_PROJECT_ID is not set. */
  project: z.string().min(1).max(256).default('Frameloop'),
  /** The project's label for a class of the model, where it has another name: `person: player`. */
  labels: z.record(z.string().min(1), z.string().min(1)).default({}),
  create_labels: z.boolean().default(false),
  segment_size: z.number().int().min(1).default(100),
  order: z.enum(['time', 'video', 'uncertainty']).default('time'),
  /** User names; the jobs go round among them. */
  assignees: z.array(z.string().min(1)).default([]),
  subset: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'may hold letters, digits, "_" and "-"')
    .optional(),
  image_quality: z.number().int().min(1).max(100).default(95),
  complete_when: z.enum(['jobs_completed', 'task_accepted']).default('jobs_completed'),
  /** Between the two looks that must agree before a task counts as complete. */
  settle: duration.prefault('5s'),
  poll: interval.prefault('5m'),
  poll_longest: interval.prefault('30m'),
  deadline: interval.prefault('30d'),
  on_deadline: z.enum(['fail', 'take_completed']).default('fail'),
  take_jobs: z.enum(['when_complete', 'as_finished']).default('when_complete'),
  prelabels: z.enum(['boxes', 'yolo_zip', 'none']).default('boxes'),
  /** By class of the model: boxes below are not shown to people. */
  thresholds: z.record(z.string().min(1), share).default({}),
  /** Share of all frames that people see without the model's boxes; blind control frames count towards it. */
  blind: share.default(0),
  download: z.enum(['json', 'export']).default('json'),
  shapes: z.enum(['leave_out', 'to_boxes']).default('leave_out'),
});

const split = z
  .strictObject({ val: share.default(0.2), test: share.default(0) })
  .refine(({ val, test }) => val + test < 1, 'val and test together must leave something for train');

const train = z.strictObject({
  /** Runs after the dataset has grown: a program with its arguments, as a text or a list. No shell. */
  command: z.union([z.string().trim().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  timeout: interval.prefault('24h'),
});

const slots = z.number().int().min(1).max(500);
const perSecond = z.number().min(0.01);

/** What a worker process does at a time, and how fast; read when it starts. */
const workers = z.strictObject({
  /** Videos, trainings, selections and reports at a time. Default: by the number of cores. */
  media_slots: slots.optional(),
  io_slots: slots.default(20),
  download_slots: slots.default(4),
  downloads_per_second: perSecond.default(1),
  annotation_steps_per_second: perSecond.default(20),
});

/** How long files are kept that nothing needs, and how full the disk may get; read anew whenever it matters. */
const storage = z
  .strictObject({
    keep_videos: duration.prefault('14d'),
    keep_candidates: duration.prefault('90d'),
    keep_rounds: duration.prefault('365d'),
    /** Of videos, frames, rounds and dataset together. */
    max_size: size.optional(),
    /** With less free than this no download begins … */
    pause_below: size.prefault('5G'),
    /** … until so much is free again. Default: a fifth more. */
    resume_above: size.optional(),
  })
  .refine(
    ({ pause_below, resume_above }) => resume_above === undefined || resume_above >= pause_below,
    'resume_above must not be below pause_below',
  );

const schedule = z
  .strictObject({
    id: z.string().regex(/^[\w.-]{1,100}$/, 'may hold letters, digits, ".", "_" and "-"'),
    cron: z.string().min(1).optional(),
    every: interval.optional(),
    /** Moves the times of `every`, which are counted from 1970-01-01T00:00Z. */
    offset: interval.optional(),
    timezone: z.string().min(1).optional(),
    /** Each round starts up to so much later, by chance. */
    jitter: interval.optional(),
    /** After an absence, rounds that were missed for no longer than this are made up for. */
    catchup: interval.prefault('1h'),
    /** Overrides of this configuration for the rounds that this schedule starts. */
    config: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ cron, every }) => (cron === undefined) !== (every === undefined), 'needs either "cron" or "every"')
  .refine(({ every, offset }) => offset === undefined || every !== undefined, '"offset" belongs to "every"');

/** The configuration file; every key has a default. */
export const configSchema = z.strictObject({
  paths: paths.prefault({}),
  sources: sources.prefault({}),
  youtube: youtube.prefault({}),
  video: video.prefault({}),
  detector: detector.prefault({}),
  selection: selection.optional(),
  cvat: cvat.prefault({}),
  dataset: z
    .strictObject({
      /** What becomes of frames that people left empty, when `clear_empty_labels` runs. A number: share of the labelled. */
      negatives: z.union([z.enum(['drop', 'keep']), share]).default('drop'),
      split: split.prefault({}),
    })
    .prefault({}),
  train: train.prefault({}),
  max_open_rounds: z.number().int().min(1).default(3),
  concurrency: z.strictObject({ videos: z.number().int().min(1).max(100).optional() }).prefault({}),
  workers: workers.prefault({}),
  storage: storage.prefault({}),
  steps: z
    .strictObject({
      download_videos: step,
      fix_video_format: step,
      process_videos: step,
      upload_labels: step,
      download_labels: step,
      clear_empty_labels: step,
    })
    .prefault({}),
  schedules: z
    .array(schedule)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'two of them have the same id')
    .default([]),
});

export type Config = z.output<typeof configSchema>;
export type StepName = keyof Config['steps'];
/** A part of the configuration as a file or a workflow input writes it. */
export type ConfigOverrides = Record<string, unknown>;
