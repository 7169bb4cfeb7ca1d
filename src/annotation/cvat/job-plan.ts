import type { UploadTaskRequest } from '../types.js';

/** How the frames of a task become jobs, in the words of CVAT's API. */
export interface JobPlan {
  /** The frames' names in the order that the task must have; undefined where the server's own order is fine. */
  order?: string[];
  /** For `POST /api/tasks`. */
  task: { segment_size?: number; overlap?: number };
  /** For the finish of the upload. */
  data: { sorting_method: string; upload_file_order?: string[]; job_file_mapping?: string[][] };
}

/**
 * `name`: the server sorts and cuts by itself. `given`: it is told the order and cuts by itself. `group`: it is told each
 * job (CVAT then takes no segment size), so that a job never holds frames of two groups.
 */
export function planJobs({ frames, order = 'name', segmentSize }: UploadTaskRequest): JobPlan {
  const segments = segmentSize === undefined ? {} : { segment_size: segmentSize, overlap: 0 };
  if (order === 'name') return { task: segments, data: { sorting_method: 'lexicographical' } };
  if (order === 'given') {
    const names = frames.map(({ name }) => name);
    return { order: names, task: segments, data: { sorting_method: 'predefined', upload_file_order: names } };
  }
  const groups = new Map<string, string[]>();
  for (const { name, group = '' } of frames) groups.set(group, [...(groups.get(group) ?? []), name]);
  const jobs = [...groups.values()].flatMap((names) => cut(names, segmentSize ?? names.length));
  return {
    order: jobs.flat(),
    task: {},
    data: { sorting_method: 'lexicographical', job_file_mapping: jobs },
  };
}

function cut(names: readonly string[], size: number): string[][] {
  const jobs: string[][] = [];
  for (let from = 0; from < names.length; from += size) jobs.push(names.slice(from, from + size));
  return jobs;
}
