import type { Generated, Selectable } from 'kysely';
import type { JobStage, JobState } from '../status.js';

/** The tables. Dates are ISO 8601 texts in UTC, flags are 0 or 1. Ids are never used twice: clients cache by them. */
export interface ReviewTables {
  projects: {
    id: Generated<number>;
    name: string;
    bug_tracker: string;
    created_date: string;
    updated_date: string;
  };
  /** A label belongs to a project or to a task without one. */
  labels: {
    id: Generated<number>;
    project_id: number | null;
    task_id: number | null;
    name: string;
    color: string;
    type: string;
  };
  tasks: {
    id: Generated<number>;
    name: string;
    project_id: number | null;
    subset: string;
    bug_tracker: string;
    assignee_id: number | null;
    /** As asked for; 0 = all frames in one job. */
    segment_size: number;
    /** Whether an upload was begun. */
    has_data: number;
    /** Number of frames; 0 until the creation has finished. */
    size: number;
    image_quality: number | null;
    chunk_size: number | null;
    created_date: string;
    updated_date: string;
    /** When the frames became what they are. */
    data_date: string | null;
  };
  /** An uploaded picture; it is a frame as soon as the creation of its task has finished. */
  pictures: {
    id: Generated<number>;
    task_id: number;
    name: string;
    /** Name inside the task's picture folder. */
    file: string;
    sha256: string;
    frame: number | null;
    width: number | null;
    height: number | null;
    /** Whether the frame was left out; it keeps its number and its annotations. */
    deleted: Generated<number>;
  };
  jobs: {
    id: Generated<number>;
    task_id: number;
    start_frame: number;
    stop_frame: number;
    stage: JobStage;
    state: JobState;
    assignee_id: number | null;
    created_date: string;
    updated_date: string;
  };
  annotations: {
    id: Generated<number>;
    task_id: number;
    kind: 'shape' | 'tag';
    frame: number;
    label_id: number;
    /** The rest of the annotation, JSON. */
    body: string;
  };
  /** Work that goes on behind the answer 202. */
  requests: {
    sequence: Generated<number>;
    id: string;
    action: 'create' | 'export' | 'import';
    subresource: 'annotations' | 'dataset' | null;
    target: Generated<'task' | 'job' | 'project'>;
    /** 0 where the target is a project. */
    task_id: number;
    project_id: number | null;
    job_id: number | null;
    format: string | null;
    /** What the work needs to know, JSON. */
    payload: string;
    status: 'queued' | 'started' | 'finished' | 'failed';
    message: string;
    created_date: string;
    started_date: string | null;
    /** How often the work was begun without having come to an end. */
    attempts: Generated<number>;
    finished_date: string | null;
    expiry_date: string | null;
    /** Name inside the export folder. */
    result_file: string | null;
  };
  /** Other keys to the server than the one of its folder: made by a person, or by signing in with the password. */
  access_tokens: {
    id: Generated<number>;
    kind: 'personal' | 'login';
    name: string;
    /** SHA-256 of the value, hex. */
    hash: string;
    read_only: number;
    created_date: string;
    updated_date: string;
    expiry_date: string | null;
    /** To the hour. */
    last_used_date: string | null;
  };
  webhooks: {
    id: Generated<number>;
    project_id: number;
    target_url: string;
    description: string;
    /** JSON list. */
    events: string;
    secret: string;
    is_active: number;
    created_date: string;
    updated_date: string;
  };
  /** Messages to receivers, and what they have answered. */
  webhook_deliveries: {
    id: Generated<number>;
    webhook_id: number;
    event: string;
    body: string;
    redelivery: number;
    /** How often it was sent. */
    attempt: number;
    status_code: number | null;
    response: string | null;
    created_date: string;
    updated_date: string;
    /** When it is to be sent; null where that is over. */
    next_date: string | null;
  };
}

export type DeliveryRow = Selectable<ReviewTables['webhook_deliveries']>;
export type AccessTokenRow = Selectable<ReviewTables['access_tokens']>;
export type WebhookRow = Selectable<ReviewTables['webhooks']>;
export type ProjectRow = Selectable<ReviewTables['projects']>;
export type LabelRow = Selectable<ReviewTables['labels']>;
export type TaskRow = Selectable<ReviewTables['tasks']>;
export type PictureRow = Selectable<ReviewTables['pictures']>;
export type JobRow = Selectable<ReviewTables['jobs']>;
export type AnnotationRow = Selectable<ReviewTables['annotations']>;
export type RequestRow = Selectable<ReviewTables['requests']>;
