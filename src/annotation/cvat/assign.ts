import type { CvatClient } from '../types.js';
import { CvatError } from './errors.js';
import { isUntouched } from './settle.js';
import { annotationJobs } from './tasks.js';
import type { WireUser } from './wire.js';

/**
 * The ids of users by their exact names, in that order.
 * Throws CVAT_USER_UNKNOWN for the first that there is not, or that this account may not see.
 */
export async function findUsers(
  client: CvatClient,
  names: readonly string[],
  organizationId: number | undefined,
  signal?: AbortSignal,
): Promise<number[]> {
  const ids: number[] = [];
  for (const name of names) {
    // `search` is "contains", so the name is compared here.
    const query = { search: name, org_id: organizationId };
    const user = (await client.list<WireUser>('/api/users', query, signal)).find(({ username }) => username === name);
    if (user === undefined) {
      throw new CvatError('CVAT_USER_UNKNOWN', `CVAT at ${client.host} knows no user "${name}"`, {
        hint: "cvat.assignees takes user names, of members of the project's organization if it has one.",
      });
    }
    ids.push(user.id);
  }
  return ids;
}

/** Gives the jobs to the users in turn. Jobs that somebody has, or has begun, are left as they are. */
export async function assignJobs(
  client: CvatClient,
  taskId: number,
  userIds: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  if (userIds.length === 0) return;
  for (const [index, job] of (await annotationJobs(client, taskId, signal)).entries()) {
    if (job.assignee != null || !isUntouched(job)) continue;
    const assignee = userIds[index % userIds.length];
    await client.json('PATCH', `/api/jobs/${job.id}`, { body: { assignee }, retry: true, signal });
  }
}
