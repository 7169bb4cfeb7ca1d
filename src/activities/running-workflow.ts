import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';

/**
 * Whether a workflow runs, by the word of the server.
 * @param runId the run that counts; default: the latest
 * @param client default: that of the activity that asks
 */
export async function isRunning(
  workflowId: string,
  runId?: string,
  client: Pick<Client, 'workflow'> = getClient(),
): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
