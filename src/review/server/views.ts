import { jobStatus, taskStatus } from './status.js';
import type {
  AccessTokenRow,
  DeliveryRow,
  JobRow,
  LabelRow,
  ProjectRow,
  RequestRow,
  TaskRow,
  WebhookRow,
} from './store/schema.js';

/**
 * Rows as CVAT sends them. Fields follow CVAT 2.80 where its clients look; what has no value and may not be null is
 * left out. `origin` is scheme and host as the client addressed us.
 */

export const userId = 1;
export const userName = 'reviewer';

/** The one user of this server, as other objects name it. */
export function userView(origin: string) {
  return { url: `${origin}/api/users/${userId}`, id: userId, username: userName, first_name: '', last_name: '' };
}

const assigneeView = (origin: string, id: number | null) => (id === null ? null : userView(origin));

/** This server has neither organizations nor cloud storage. */
const nowhere = { organization: null, organization_id: null, target_storage: null, source_storage: null };

export function projectView(origin: string, project: ProjectRow, tasks: Pick<TaskRow, 'subset'>[]) {
  return {
    url: `${origin}/api/projects/${project.id}`,
    id: project.id,
    name: project.name,
    owner: userView(origin),
    assignee: null,
    guide_id: null,
    bug_tracker: project.bug_tracker,
    created_date: project.created_date,
    updated_date: project.updated_date,
    status: 'annotation',
    dimension: '2d',
    ...nowhere,
    tasks: { count: tasks.length, url: `${origin}/api/tasks?project_id=${project.id}` },
    labels: { url: `${origin}/api/labels?project_id=${project.id}` },
    assignee_updated_date: null,
    task_subsets: [...new Set(tasks.map(({ subset }) => subset).filter((subset) => subset !== ''))].sort(),
  };
}

export function labelView(label: LabelRow) {
  return {
    id: label.id,
    name: label.name,
    color: label.color,
    attributes: [],
    type: label.type,
    sublabels: [],
    ...(label.project_id === null ? { task_id: label.task_id } : { project_id: label.project_id }),
    parent_id: null,
    has_parent: false,
  };
}

export function taskView(origin: string, task: TaskRow, jobs: readonly Pick<JobRow, 'stage' | 'state'>[]) {
  const { size } = task;
  return {
    url: `${origin}/api/tasks/${task.id}`,
    id: task.id,
    name: task.name,
    project_id: task.project_id,
    mode: size > 0 ? 'annotation' : '',
    ...(size > 0 && { media_type: 'image' }),
    owner: userView(origin),
    assignee: assigneeView(origin, task.assignee_id),
    bug_tracker: task.bug_tracker,
    created_date: task.created_date,
    updated_date: task.updated_date,
    overlap: size > 0 ? 0 : null,
    segment_size: size > 0 && task.segment_size === 0 ? size : task.segment_size,
    status: taskStatus(jobs),
    size,
    ...chunks(task),
    ...(task.image_quality === null ? {} : { image_quality: task.image_quality }),
    data: task.has_data === 1 ? task.id : null,
    guide_id: null,
    dimension: '2d',
    subset: task.subset,
    ...nowhere,
    jobs: {
      count: jobs.length,
      completed: jobs.filter(({ stage, state }) => stage === 'acceptance' && state === 'completed').length,
      validation: jobs.filter(({ stage }) => stage === 'validation').length,
      url: `${origin}/api/jobs?task_id=${task.id}`,
    },
    labels: { url: `${origin}/api/labels?task_id=${task.id}` },
    assignee_updated_date: null,
    validation_mode: null,
  };
}

export function jobView(origin: string, job: JobRow, task: TaskRow) {
  return {
    url: `${origin}/api/jobs/${job.id}`,
    id: job.id,
    task_id: job.task_id,
    task_name: task.name,
    project_id: task.project_id,
    assignee: assigneeView(origin, job.assignee_id),
    guide_id: null,
    dimension: '2d',
    bug_tracker: task.bug_tracker,
    status: jobStatus(job),
    stage: job.stage,
    state: job.state,
    type: 'annotation',
    mode: 'annotation',
    media_type: 'image',
    frame_count: job.stop_frame - job.start_frame + 1,
    start_frame: job.start_frame,
    stop_frame: job.stop_frame,
    ...chunks(task),
    created_date: job.created_date,
    updated_date: job.updated_date,
    issues: { url: `${origin}/api/issues?job_id=${job.id}`, count: 0 },
    labels: { url: `${origin}/api/labels?job_id=${job.id}` },
    ...nowhere,
    parent_job_id: null,
    assignee_updated_date: null,
  };
}

export function accessTokenView(origin: string, token: AccessTokenRow) {
  const { id, name, created_date, updated_date, expiry_date, last_used_date } = token;
  return {
    ...{ id, name, created_date, updated_date, expiry_date, last_used_date },
    read_only: token.read_only === 1,
    owner: userView(origin),
  };
}

export function webhookView(origin: string, webhook: WebhookRow) {
  return {
    url: `${origin}/api/webhooks/${webhook.id}`,
    id: webhook.id,
    target_url: webhook.target_url,
    description: webhook.description,
    type: 'project',
    content_type: 'application/json',
    is_active: webhook.is_active === 1,
    enable_ssl: true,
    created_date: webhook.created_date,
    updated_date: webhook.updated_date,
    owner: userView(origin),
    project_id: webhook.project_id,
    organization: null,
    organization_id: null,
    events: JSON.parse(webhook.events) as string[],
  };
}

export function deliveryView(delivery: DeliveryRow) {
  const { id, webhook_id, event, status_code, attempt, created_date, updated_date } = delivery;
  return {
    ...{ id, webhook_id, event, status_code, attempt, created_date, updated_date },
    redelivery: delivery.redelivery === 1,
    changed_fields: '',
    request: JSON.parse(delivery.body) as unknown,
    response: delivery.response ?? '',
  };
}

function chunks(task: TaskRow) {
  if (task.chunk_size === null) return {};
  return {
    data_chunk_size: task.chunk_size,
    data_compressed_chunk_type: 'imageset',
    data_original_chunk_type: 'imageset',
  };
}

/** `progress` lies in 0..1. */
export function requestView(origin: string, request: RequestRow, progress: number) {
  const { status, action, subresource, target, project_id, job_id } = request;
  const task_id = target === 'project' ? null : request.task_id;
  const id = { task: task_id, job: job_id, project: project_id }[target];
  const result = `${origin}/api/${target}s/${id}/dataset/download?rq_id=${encodeURIComponent(request.id)}`;
  return {
    status,
    message: request.message,
    id: request.id,
    operation: {
      type: `${action}:${subresource ?? 'task'}`,
      target,
      project_id,
      task_id,
      job_id,
      format: request.format,
      function_id: null,
    },
    progress: status === 'finished' ? 1 : progress,
    created_date: request.created_date,
    started_date: request.started_date,
    finished_date: request.finished_date,
    expiry_date: request.expiry_date,
    owner: { id: userId, username: userName },
    result_url: status === 'finished' && request.result_file !== null ? result : null,
    result_id: null,
  };
}
