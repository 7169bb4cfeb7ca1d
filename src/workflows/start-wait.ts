import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, patched, startChild, workflowInfo, type ChildWorkflowHandle } from '@temporalio/workflow';
import type { AnnotationTask, RoundPlan } from '../activities/types.js';
import { activitiesOn } from './activity-proxies.js';
import { AnnotationWorkflow } from './annotation.js';
import { searchAttributes } from './search-attributes.js';
import { waitId } from './wait-id.js';

type Wait = ChildWorkflowHandle<typeof AnnotationWorkflow>;

/**
 * Begins to wait for the people who work on a task.
 * @throws WorkflowExecutionAlreadyStartedError where another round of ours waits for it already
 */
export async function startWait(plan: RoundPlan, task: AnnotationTask, deadlineSeconds: number): Promise<Wait> {
  const { roundId, folder, queues } = plan;
  try {
    return await start(waitId(task.taskId));
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError) || !patched('several-servers')) throw error;
    // Nobody else of ours can wait for a task that this round has made: the id is that of another server's task.
    const isOwn = task.round.roundId === roundId;
    const { quick } = activitiesOn(queues);
    if (!isOwn && (await quick.isWaitOfOurs({ round: { roundId, folder }, taskId: task.taskId }))) throw error;
    return start(waitId(task.taskId, task.round.roundId));
  }

  function start(workflowId: string): Promise<Wait> {
    return startChild(AnnotationWorkflow, {
      workflowId,
      args: [
        {
          ...task,
          pollSeconds: plan.pollSeconds,
          longestPollSeconds: plan.longestPollSeconds,
          deadlineSeconds,
          reportTo: workflowInfo().workflowId,
          queues,
        },
      ],
      staticSummary: task.taskUrl,
      ...(plan.searchAttributes && {
        typedSearchAttributes: [
          { key: searchAttributes.round, value: roundId },
          { key: searchAttributes.task, value: task.taskId },
        ],
      }),
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    });
  }
}
