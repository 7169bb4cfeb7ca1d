import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';

/**
 * Whether a workflow runs, by the word of the server.
 * @param runId the run that counts; default: the latest
 */
export async function isRunning(workflowId: string, runId?: string): Promise<boolean> {
  try {
    return (await getClient().workflow.getHandle(workflowId, runId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
