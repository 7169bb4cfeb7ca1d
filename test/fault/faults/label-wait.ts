import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import fc from 'fast-check';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { AnnotationInput, AnnotationOutcome, TaskReading } from '../../../src/activities/types.js';
import { projectRoot } from '../../../src/tools/index.js';
import { annotationCompleted } from '../../../src/workflows/messages.js';
import { unique } from '../../helpers/workflow-environment.js';
import type { Fault, Trial } from '../trial.js';

const jobs = 3;
const events = ['hint', 'job done', 'job reopened', 'poll fails', 'moment passes', 'task deleted', 'cancel'] as const;
type Event = (typeof events)[number];

/** The annotation server of a task, and the outcomes that a wait may have had by now. */
class Model {
  private done = 0;
  private deleted = false;
  failing = 0;
  private readonly allowed = new Set<AnnotationOutcome['outcome'] | 'cancelled'>();

  get state(): TaskReading['state'] {
    return this.deleted ? 'deleted' : this.done === jobs ? 'complete' : 'open';
  }

  happens(event: Event): void {
    if (event === 'job done') this.done = Math.min(jobs, this.done + 1);
    // Nobody reopens a job of a task that is gone.
    if (event === 'job reopened' && !this.deleted) this.done = Math.max(0, this.done - 1);
    if (event === 'poll fails') this.failing += 1;
    if (event === 'task deleted') this.deleted = true;
    if (event === 'cancel') this.allowed.add('cancelled');
    this.note();
  }

  /** People finish, whatever happened before. */
  settle(): void {
    this.done = jobs;
    this.note();
  }

  private note(): void {
    const { state } = this;
    if (state === 'complete' || state === 'deleted') this.allowed.add(state);
  }

  allows(outcome: AnnotationOutcome['outcome'] | 'cancelled'): boolean {
    return this.allowed.has(outcome);
  }

  /** What `pollTask` does, with this server. */
  poll({ known }: { known: TaskReading }): TaskReading {
    if (this.failing > 0) {
      this.failing -= 1;
      throw ApplicationFailure.retryable('away', 'CVAT_UNREACHABLE');
    }
    const { state, done } = this;
    if (state === 'open' && known.jobsDone === done) {
      const category = ApplicationFailureCategory.BENIGN;
      throw ApplicationFailure.create({ type: 'NOT_COMPLETE', message: 'open', category });
    }
    return { state, jobsDone: done, jobsTotal: jobs };
  }
}

async function outcomeOf(handle: WorkflowHandle): Promise<AnnotationOutcome['outcome'] | 'cancelled'> {
  try {
    return ((await handle.result()) as AnnotationOutcome).outcome;
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure) return 'cancelled';
    throw error;
  }
}

/** Whatever happens in whatever order, a wait ends, and with something that was true at some time. */
async function anyOrder(trial: Trial): Promise<void> {
  const { record } = trial;
  const { client, address, namespace } = trial.server();
  const models = new Map<number, Model>();
  const connection = await NativeConnection.connect({ address });
  trial.after(() => connection.close());
  const taskQueue = unique('label-wait');
  const worker = await Worker.create({
    ...{ connection, namespace, taskQueue },
    workflowBundle: { codePath: path.join(projectRoot(), 'dist', 'workflow-bundle.js') },
    activities: {
      pollTask: (request: AnnotationInput & { known: TaskReading }) =>
        Promise.resolve(models.get(request.taskId)?.poll(request)),
    },
  });
  let taskId = 0;
  const property = fc.asyncProperty(fc.array(fc.constantFrom(...events), { maxLength: 12 }), async (happening) => {
    const model = new Model();
    models.set((taskId += 1), model);
    const round = { roundId: 'r', folder: '/r' };
    const input: AnnotationInput = { round, taskId, taskUrl: '', pollSeconds: 0.03, deadlineSeconds: 600 };
    const handle = await client.workflow.start('AnnotationWorkflow', {
      ...{ taskQueue, workflowId: unique('wait'), args: [input] },
    });
    const toWorkflow = { hint: () => handle.signal(annotationCompleted), cancel: () => handle.cancel() };
    for (const event of happening) {
      model.happens(event);
      if (event === 'moment passes') await sleep(20);
      // A wait that has ended is not there to be told anything.
      if (event === 'hint' || event === 'cancel') await toWorkflow[event]().catch(() => undefined);
    }
    model.settle();
    const outcome = await outcomeOf(handle);
    expect({ outcome, allowed: model.allows(outcome) }).toEqual({ outcome, allowed: true });
    record.runs += 1;
    record.longest = Math.max(record.longest, (await handle.fetchHistory()).events?.length ?? 0);
  });
  record.runs -= 1; // each order of events is a run
  await worker.runUntil(() => fc.assert(property, { numRuns: 30, seed: trial.run, endOnFailure: true }));
}

export const labelWaitFault: Fault = {
  ...{ id: '11-any-order', title: '11 hints, polls, failures in any order', play: anyOrder },
};
