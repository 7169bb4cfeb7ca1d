/**
 * The workflow id of the wait for a task of the annotation server. Several servers, each with a first task, may have
 * rounds in one namespace: the wait that comes second has the round in its id too.
 *
 * @param roundId the round that has filled the task, where the id without it belongs to another server's task
 */
export function waitId(taskId: number, roundId?: string): string {
  return roundId === undefined ? `cvat-task-${taskId}` : `${waitId(taskId)}-${roundId}`;
}
