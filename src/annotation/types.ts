import type { Detection, ReviewedFrame } from '../common/types.js';

/** Where the CVAT server is and who we are there. With a token, user and password are not used. */
export interface CvatConnection {
  /** `https://app.cvat.ai`, `http://127.0.0.1:8080` …; without a scheme, https is meant. A path prefix is kept. */
  host: string;
  /** Personal access token, or the token of the embedded review server. */
  token?: string;
  user?: string;
  password?: string;
}

/** Times and counts of the HTTP layer; the defaults are for people, tests shorten them. */
export interface CvatClientTuning {
  /** How often a request that is safe to repeat is repeated. Default 3. */
  retries: number;
  /** The first wait before a repetition; it doubles. Default 500 ms. */
  retryDelayMs: number;
  /** Until the connection stands. Default 10 s. */
  connectTimeoutMs: number;
  /** Between the last byte sent and the first byte of the answer. Default 120 s: finishing a big upload takes long. */
  responseTimeoutMs: number;
  /** The first wait between two looks at a background request; it grows to 20 times as much. Default 250 ms. */
  pollMs: number;
  /** Frames per upload request at most. Default 100. */
  batchFiles: number;
  /** Bytes of frames per upload request at most. Default 25 MiB: proxies and memory have limits. */
  batchBytes: number;
}

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Record<string, string | number | boolean | undefined>;

export interface ExchangeOptions {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  rawBody?: { contentType: string; bytes: Buffer };
  headers?: Record<string, string>;
  /** Whether the exchange may be repeated by itself. Default: yes for GET, PUT, DELETE; no for POST, PATCH. */
  retry?: boolean;
  /** Without credentials. */
  anonymous?: boolean;
  signal?: AbortSignal;
}

export interface Exchange<T> {
  body: T;
  headers: Record<string, string | string[] | undefined>;
}

/** The one way to a CVAT server, a real one or the embedded review server: the client does not know which. */
export interface CvatClient {
  /** Origin and path prefix, without a slash at the end. */
  readonly host: string;
  readonly tuning: Readonly<CvatClientTuning>;
  /**
   * One exchange with a JSON answer (`undefined` for an empty one); path like `/api/jobs/7`. GET, PUT and DELETE are
   * repeated on 429, 502-504 and broken connections. Throws PipelineError.
   */
  json<T>(method: HttpMethod, path: string, options?: ExchangeOptions): Promise<T>;
  /** All pages of a list. */
  list<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T[]>;
  /** As {@link json}, with the answer's headers (names in lower case). */
  exchange<T>(method: HttpMethod, path: string, options?: ExchangeOptions): Promise<Exchange<T>>;
  /** GETs a path into a file, which is there as a whole or not at all. Never repeated by itself. */
  download(path: string, toFile: string, signal?: AbortSignal): Promise<void>;
}

export interface ServerInfo {
  version: string;
  user: string;
  /** Names of the annotation formats that the server can write and read. */
  formats: { exports: string[]; imports: string[] };
}

export interface ProjectInfo {
  id: number;
  name: string;
  organizationId?: number;
  /** Those that can hold boxes. */
  labels: { id: number; name: string }[];
}

export interface ProjectRequest {
  /** Of an existing project; without it the project goes by its name. */
  projectId?: number;
  name: string;
  /** What the project needs: the labels of a new one, and what an existing one is compared with. */
  labels: string[];
}

export interface PreflightRequest extends ProjectRequest {
  /** Whether labels that the project lacks are added. */
  createLabels: boolean;
  /** The format in which labels are fetched, under either of its names. */
  exportFormat: string;
  /** Whether pre-labels go as a YOLO zip, so that the server must read one. */
  importYolo: boolean;
  /** User names; who will get the jobs. */
  assignees?: readonly string[];
  /** Only look: nothing is made or changed. */
  dryRun?: boolean;
}

export interface Preflight {
  server: ServerInfo;
  /** Absent after a dry run for a project that the round would make. */
  project?: ProjectInfo;
}

/** A frame to upload; `name` is `<frameId>.jpg`, flat and unique. */
export interface UploadFrame {
  name: string;
  /** Path of the JPEG. */
  file: string;
  /** With the order `group`: jobs hold frames of one group only. */
  group?: string;
}

export interface UploadTaskRequest {
  /** Unique in the project: this is how the task is found again. */
  name: string;
  project: ProjectInfo;
  frames: UploadFrame[];
  /** `name`: as the server sorts names, by code point. `given`: as `frames` come. `group`: each job one group's. */
  order?: 'name' | 'given' | 'group';
  /** Frames per job at most; without it the task is one job (of each group). */
  segmentSize?: number;
  /** 1..100, of the pictures CVAT shows. Default 95. */
  imageQuality?: number;
  subset?: string;
  /** A link that CVAT shows with the task. */
  bugTracker?: string;
  /** User names; the jobs go round among them. */
  assignees?: readonly string[];
  /** Where to keep what has arrived, so that a later call goes on with it after a crash. */
  journalFile?: string;
  signal?: AbortSignal;
  /** Called after every batch, and with `done === total` at every look while the server makes the task. */
  onProgress?: (done: number, total: number) => void;
}

export interface UploadedTask {
  taskId: number;
  url: string;
  frames: number;
  jobs: number;
}

/** A frame with the boxes that the model found in it, and whether people see them. */
export interface PlannedPreLabels {
  frameId: string;
  /** People get the frame without boxes, so that what they draw is not led by the model. */
  blind: boolean;
  /** Those that reach the threshold of their class. */
  detections: Detection[];
}

export interface PreLabelRequest {
  frames: { name: string; detections: Detection[] }[];
  /** By the detections' `label`; from {@link mapLabels}. */
  labelIds: Map<string, number>;
  /** Send a YOLO zip in place of shapes; the format is the one of these that the server reads. */
  yoloZip?: { preferredFormat: string };
}

export interface PreLabelResult {
  /** How many boxes the request holds. */
  boxes: number;
  /** False when people had already begun to work on the task: then it was left as it is. */
  written: boolean;
}

/** When a task counts as done: every annotation job is completed, or every one is accepted. */
export type CompletionRule = 'jobs_completed' | 'task_accepted';

export interface TaskProgress {
  state: 'open' | 'complete' | 'deleted';
  jobsDone: number;
  jobsTotal: number;
  /** Jobs that a reviewer sent back. */
  jobsRejected: number;
  /** Two readings with the same one: nobody changed a job or saved a box in between. */
  fingerprint: string;
}

export interface DownloadRequest {
  /** The frames that were sent: each comes back, deleted ones as not reviewed. */
  frameIds: readonly string[];
  /** Which jobs count as done; the frames of others come back as not reviewed. Default: those that are completed. */
  rule?: CompletionRule;
  /** The project's labels when the task was made, so that a label that was renamed since is known again. */
  plannedLabels?: readonly { id: number; name: string }[];
  /** Label of the project → class of the model, where they differ. */
  classOf?: Readonly<Record<string, string>>;
  /** Whether shapes that are no upright rectangles become the box around them. Default: they are left out. */
  shapesToBoxes?: boolean;
}

export interface DownloadedAnnotations {
  /** Every frame that was sent, in the order in which it was. */
  frames: ReviewedFrame[];
  /** What could not be taken over, one sentence each. */
  warnings: string[];
}

/** A CVAT webhook that tells us of changes in a project. */
export interface WebhookRequest {
  project: ProjectInfo;
  /** Where CVAT sends to. */
  url: string;
  secret?: string;
}

export interface InstalledWebhook {
  id: number;
  created: boolean;
}
