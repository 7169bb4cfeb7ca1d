import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Catalog } from '../catalog/index.js';
import { waitId } from '../workflows/wait-id.js';
import { isRunning } from './running-workflow.js';

/** A round of ours and the task that it has filled. */
interface FilledTask {
  roundId: string;
  taskId: number;
}

/** Whether a round of this data folder waits for the task. Other data folders may have tasks of the same number. */
export async function isWaitedFor(
  { roundId, taskId }: FilledTask,
  catalog: Catalog,
  client: Pick<Client, 'workflow'> = getClient(),
): Promise<boolean> {
  if (await isRunning(waitId(taskId, roundId), undefined, client)) return true;
  return (await isRunning(waitId(taskId), undefined, client)) && isOfOurs(waitId(taskId), catalog, client);
}

/** Whether the last workflow with this id was started by a round of this data folder, which is one of its catalog. */
export async function isOfOurs(
  workflowId: string,
  catalog: Catalog,
  client: Pick<Client, 'workflow'> = getClient(),
): Promise<boolean> {
  try {
    const { parentExecution } = await client.workflow.getHandle(workflowId).describe();
    return parentExecution?.workflowId != null && catalog.hasRoundOf(parentExecution.workflowId);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
