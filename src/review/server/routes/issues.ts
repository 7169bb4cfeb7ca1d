import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ReviewContext } from '../context.js';
import { pageBody, pageOf, type ListFields } from '../paging.js';
import { nothing } from '../store/database.js';
import { findJob } from '../store/jobs.js';
import { flag, integer, objectId, requireObject } from '../validation.js';

const text = z.string().optional();

/** What can be asked for by these names, in a list that is always empty. */
const columnsOf = (...names: string[]) => Object.fromEntries(names.map((name) => [name, nothing]));

export const issueList: ListFields = {
  columns: columnsOf('id', 'job_id', 'task_id', 'resolved', 'frame_id', 'owner', 'assignee'),
  search: ['owner', 'assignee'],
  query: z.object({
    ...{ owner: text, assignee: text, resolved: flag().optional(), frame_id: integer(0).optional() },
    ...{ job_id: objectId().optional(), task_id: objectId().optional() },
  }),
};

export const commentList: ListFields = {
  columns: columnsOf('id', 'issue_id', 'frame_id', 'job_id', 'owner'),
  search: ['owner'],
  query: z.object({
    ...{ owner: text, frame_id: integer(0).optional() },
    ...{ issue_id: objectId().optional(), job_id: objectId().optional() },
  }),
};

/** This server has no issues. Every job leads to its own, and clients look. */
export function issueRoutes(app: FastifyInstance, { store }: ReviewContext): void {
  for (const [url, list] of [
    ['/api/issues', issueList],
    ['/api/comments', commentList],
  ] as const) {
    app.get(url, async (request) => {
      const page = pageOf(request, list);
      await requireObject(request, 'job_id', (id) => findJob(store, id));
      return pageBody(request, page, 0, []);
    });
  }
}
