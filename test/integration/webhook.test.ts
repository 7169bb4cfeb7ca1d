import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCvatClient, ensureProject, installWebhook, pingWebhook } from '../../src/annotation/index.js';
import { readNextPoll, readProgress, startRound } from '../../src/client/rounds.js';
import { createHintSender, type HintSender } from '../../src/client/webhook-hints.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../src/client/webhook.js';
import { startReviewServer } from '../../src/review/server/index.js';
import { freePort, temporaryFolder, until } from '../helpers/programs.js';
import { progressOf } from '../helpers/progress.js';
import { plan, stubActivities } from '../helpers/stub-activities.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';
import { bundleWorkflows, createEnvironment, unique } from '../helpers/workflow-environment.js';

const secret = 'planted-webhook-secret';
const projectId = 7;

interface Sent {
  event?: object | string;
  signedWith?: string | null;
  headers?: Record<string, string>;
  method?: string;
}

/** The number of a task that no other test has. */
const randomTask = () => Number.parseInt(randomBytes(3).toString('hex'), 16);

/** Sends an event as CVAT does, unless told otherwise. */
async function post(receiver: WebhookReceiver, { event = {}, signedWith = secret, headers = {}, method }: Sent) {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  const signature = signedWith === null ? undefined : createHmac('sha256', signedWith).update(body).digest('hex');
  const answer = await fetch(receiver.url, {
    method: method ?? 'POST',
    body: method === 'GET' ? undefined : body,
    headers: {
      'content-type': 'application/json',
      ...(signature && { 'x-signature-256': `sha256=${signature}` }),
      ...headers,
    },
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, headers: answer.headers };
}

const job = (more: object = {}) => ({
  ...{ id: 24, task_id: 17, project_id: projectId, type: 'annotation', stage: 'annotation', state: 'completed' },
  ...more,
});
const jobEvent = (more: object = {}, before?: object) => ({
  event: 'update:job',
  job: job(more),
  ...(before && { before_update: before }),
  webhook_id: 1,
});
const taskEvent = (event: string, more: object = {}, before?: object) => ({
  event,
  task: { id: 17, project_id: projectId, status: 'annotation', ...more },
  ...(before && { before_update: before }),
});

describe('a webhook', () => {
  let receiver: WebhookReceiver;
  let hinted: number[];
  let temporalIsAway = false;
  const hints: HintSender = {
    send({ taskId }) {
      if (temporalIsAway) return Promise.reject(new Error('away'));
      hinted.push(taskId);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };

  beforeAll(async () => {
    receiver = await startWebhookReceiver({
      ...{ host: '127.0.0.1', port: 0, secret, projectId, hints },
      log: () => undefined,
    });
  });
  afterAll(() => receiver.close());

  it('is told from a question whether the receiver lives', async () => {
    const answer = await fetch(`${receiver.url}health`);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  });

  it.each<[string, Sent, number, number[]]>([
    ['a finished job', { event: jobEvent() }, 202, [17]],
    ['a finished job, of a server that says what changed', { event: jobEvent({}, { state: 'new' }) }, 202, [17]],
    ['a job that was sent back', { event: jobEvent({ state: 'rejected' }) }, 202, [17]],
    ['a reopened job', { event: jobEvent({ state: 'in progress' }, { state: 'completed' }) }, 202, [17]],
    ['an accepted job', { event: jobEvent({ stage: 'acceptance' }, { stage: 'validation' }) }, 202, [17]],
    ['a completed task', { event: taskEvent('update:task', { status: 'completed' }) }, 202, [17]],
    ['a deleted task', { event: taskEvent('delete:task') }, 202, [17]],
    ['noise: a saved box', { event: jobEvent({ state: 'in progress' }) }, 200, []],
    ['noise: a saved box in a finished job', { event: jobEvent({}, { updated_date: 'x' }) }, 200, []],
    ['noise: a touched task', { event: taskEvent('update:task', {}, { updated_date: 'x' }) }, 200, []],
    ['noise: a ping', { event: { event: 'ping', webhook: { id: 1 } } }, 200, []],
    ['noise: a new comment', { event: { event: 'create:comment', comment: { id: 1 } } }, 200, []],
    ['noise: a finished ground truth job', { event: jobEvent({ type: 'ground_truth' }) }, 200, []],
    ['noise: a finished replica', { event: jobEvent({ type: 'replica' }) }, 200, []],
    ['another project', { event: jobEvent({ project_id: 8 }) }, 200, []],
    ['something that is no event', { event: { hello: 'world' } }, 200, []],
    ['a wrong signature', { event: jobEvent(), signedWith: 'guessed' }, 403, []],
    ['no signature', { event: jobEvent(), signedWith: null }, 403, []],
    ['a signature of another form', { event: jobEvent(), headers: { 'x-signature-256': 'sha1=00' } }, 403, []],
    ['huge', { event: jobEvent({ padding: 'x'.repeat(2 ** 20) }) }, 413, []],
    ['not JSON', { event: '{"event":' }, 400, []],
    ['a form', { event: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, []],
    ['GET', { method: 'GET' }, 405, []],
  ])('%s', async (_case, sent, status, expected) => {
    hinted = [];
    expect((await post(receiver, sent)).status).toBe(status);
    expect(hinted).toEqual(expected);
  });

  it('while Temporal is away: CVAT shall try again', async () => {
    temporalIsAway = true;
    try {
      const { status, headers } = await post(receiver, { event: jobEvent() });
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('5');
      // What is not ours is none of Temporal's either.
      expect((await post(receiver, { event: jobEvent({ project_id: 8 }) })).status).toBe(200);
    } finally {
      temporalIsAway = false;
    }
  });

  it('while Temporal is slow: the answer does not wait for it', async () => {
    const slow = await startWebhookReceiver({
      ...{ host: '127.0.0.1', port: 0, secret, projectId, log: () => undefined },
      hints: { send: () => new Promise(() => undefined), close: () => Promise.resolve() },
    });
    expect((await post(slow, { event: jobEvent() })).status).toBe(503);
    await slow.close();
  });

  it('is received from this machine only, if there is no secret', async () => {
    const options = { port: 0, hints, log: () => undefined };
    await expect(startWebhookReceiver({ ...options, host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'WEBHOOK_SECRET_MISSING',
    });
    const open = await startWebhookReceiver({ ...options, host: '127.0.0.1' });
    hinted = [];
    expect((await post(open, { event: jobEvent(), signedWith: null })).status).toBe(202);
    expect(hinted).toEqual([17]);
    await open.close();
  });

  it('is registered once, pinged the whole way, and then sent by the annotation server when a job is finished', async () => {
    const { folder, remove } = await temporaryFolder('webhook');
    const server = await startReviewServer({ dataFolder: folder });
    try {
      const client = createCvatClient({ host: server.url, token: server.token }, { retries: 0 });
      const project = await ensureProject(client, { name: 'hooks', labels: ['person'] });
      const installed = await installWebhook(client, { project, url: receiver.url, secret });
      expect(await installWebhook(client, { project, url: receiver.url, secret })).toEqual({
        ...installed,
        created: false,
      });
      expect(await client.list('/api/webhooks', { project_id: project.id })).toHaveLength(1);
      await pingWebhook(client, installed.id);

      await installWebhook(client, { project, url: receiver.url, secret: 'another' });
      await expect(pingWebhook(client, installed.id)).rejects.toMatchObject({
        code: 'CVAT_WEBHOOK_UNREACHABLE',
        hint: expect.stringContaining('CVAT_WEBHOOK_SECRET') as string,
      });
      const nobody = `http://127.0.0.1:${await freePort()}/`;
      const dead = await installWebhook(client, { project, url: nobody });
      await expect(pingWebhook(client, dead.id)).rejects.toMatchObject({
        message: expect.stringContaining('502') as string,
        hint: expect.stringContaining('docs/cvat.md') as string,
      });
    } finally {
      await server.close();
      await remove();
    }
  });
});

describe('a webhook and a round', () => {
  let environment: TestWorkflowEnvironment;
  let bundle: Awaited<ReturnType<typeof bundleWorkflows>>;
  beforeAll(async () => {
    [environment, bundle] = await Promise.all([createEnvironment(), bundleWorkflows()]);
  });
  afterAll(() => environment?.teardown());

  type Stubs = ReturnType<typeof stubActivities>;

  async function play(
    act: (receiver: WebhookReceiver, stubs: Stubs) => Promise<void>,
    prepare?: (stubs: Stubs) => void,
  ) {
    const stubs = stubActivities();
    prepare?.(stubs);
    const taskQueue = unique('queue');
    const { connection } = environment;
    const receiver = await startWebhookReceiver({
      ...{ host: '127.0.0.1', port: 0, secret, log: () => undefined },
      hints: createHintSender(environment.client, connection, () => undefined, taskQueue),
    });
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      activities: stubs.activities,
      workflowBundle: bundle,
    });
    try {
      return await worker.runUntil(async () => {
        const handle = await startRound(environment.client, unique('round'), {}, taskQueue);
        await act(receiver, stubs);
        return { result: await handle.result(), stubs };
      });
    } finally {
      await receiver.close();
    }
  }

  it('ten duplicates make one download', async () => {
    const { result, stubs } = await play(async (receiver, stubs) => {
      const polls = () => stubs.calls.filter((name) => name === 'pollTask').length;
      // The second poll sleeps for an hour.
      await until('the wait', () => Promise.resolve(polls() >= 2));
      stubs.reading.state = 'complete';
      const sentAt = Date.now();
      const event = jobEvent({ task_id: stubs.task.taskId });
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(receiver, { event })));
      expect(answers.every(({ status }) => status === 202 || status === 503)).toBe(true);
      await until('the download', () => Promise.resolve(stubs.calls.includes('downloadLabels')));
      console.log(`from the webhook to the running download: ${Date.now() - sentAt} ms`);
    });
    expect(result.state).toBe('finished');
    expect(stubs.calls.filter((name) => name === 'downloadLabels')).toHaveLength(1);
  });

  /** Whether the wait for a task has been told of an event. */
  async function hinted(taskId: number): Promise<boolean> {
    const { events } = await environment.client.workflow.getHandle(`cvat-task-${taskId}`).fetchHistory();
    return (events ?? []).some((event) => event.workflowExecutionSignaledEventAttributes);
  }

  it('an event that comes before the round waits is not lost', async () => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const act = async (receiver: WebhookReceiver, stubs: Stubs) => {
      await until('the pre-labels', () => Promise.resolve(stubs.calls.includes('markWaiting')));
      stubs.reading.state = 'complete';
      const { taskId } = stubs.task;
      const sent = async () => (await post(receiver, { event: jobEvent({ task_id: taskId }) })).status === 202;
      await until('Temporal to take the event', sent);
      expect((await environment.client.workflow.getHandle(`cvat-hint-${taskId}`).describe()).status.name).toBe(
        'RUNNING',
      );
      letGo();
    };
    const { result } = await play(act, (stubs) => {
      const { markWaiting, pollTask } = stubs.activities;
      stubs.activities.markWaiting = async (request) => {
        stubs.calls.push('markWaiting');
        await held;
        return markWaiting(request);
      };
      // A look that began before the event came finds nothing, and by itself the round would look again in an hour.
      let first = true;
      stubs.activities.pollTask = async (request) => {
        const early = first && !(await hinted(stubs.task.taskId));
        first = false;
        if (!early) return pollTask(request);
        await until('the event to reach the wait', () => hinted(stubs.task.taskId));
        throw ApplicationFailure.create({ type: 'NOT_COMPLETE', nextRetryDelay: '1h' });
      };
    });
    expect(result.state).toBe('finished');
  });

  it('two annotation servers with a task of the same number: each round waits for its own and hears of it', async () => {
    const first = stubActivities();
    // Its tasks have the numbers of the other one's.
    const second = stubActivities({
      planRound: () => Promise.resolve({ ...plan, roundId: 'r2', folder: '/rounds/r2' }),
      uploadFrames: () =>
        Promise.resolve({ ...first.task, round: { roundId: 'r2', folder: '/rounds/r2' }, frames: 5, jobs: 2 }),
    });
    const { taskId } = first.task;
    const looks = ({ calls }: Stubs) => calls.filter((name) => name === 'pollTask').length;
    const notes: string[] = [];
    const receiver = await startWebhookReceiver({
      ...{ host: '127.0.0.1', port: 0, secret, log: () => undefined },
      hints: createHintSender(environment.client, environment.connection, (note) => notes.push(note), unique('nobody')),
    });
    const stops: (() => Promise<void>)[] = [];
    const start = async ({ activities }: Stubs) => {
      const taskQueue = unique('queue');
      const worker = await Worker.create({
        ...{ connection: environment.nativeConnection, taskQueue, activities, workflowBundle: bundle },
      });
      const running = worker.run();
      stops.push(() => (worker.shutdown(), running));
      const handle = await startRound(environment.client, unique('round'), {}, taskQueue);
      await until('the wait', async () => (await progressOf(handle))?.stage === 'waiting');
      return handle;
    };
    try {
      const [one, other] = [await start(first), await start(second)];
      // The first look, and the one that comes in an hour.
      await until('the looks', () => Promise.resolve(looks(first) >= 2 && looks(second) >= 2));
      const waits = [`cvat-task-${taskId}`, `cvat-task-${taskId}-r2`];
      await until('Temporal to list both', async () => {
        const query = `WorkflowType = 'AnnotationWorkflow' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '${waits[0]}'`;
        return (await environment.client.workflow.count(query)).count === 2;
      });
      expect(await readNextPoll(other)).toBeDefined();

      second.reading.state = 'complete';
      const sent = async () => (await post(receiver, { event: jobEvent({ task_id: taskId }) })).status === 202;
      await until('Temporal to take the event', sent);
      expect(await other.result()).toMatchObject({ state: 'finished' });
      expect(await readProgress(one)).toMatchObject({ stage: 'waiting' });
      expect(first.calls).not.toContain('downloadLabels');

      first.reading.state = 'complete';
      await one.signal('annotationCompleted');
      expect(await one.result()).toMatchObject({ state: 'finished' });
      expect(notes).toEqual([]);
    } finally {
      await receiver.close();
      for (const stop of stops) await stop();
    }
  });

  it('an unreachable Temporal is told as 503, and found again when it is there', async () => {
    const port = await freePort();
    const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
    const client = new Client({ connection });
    const receiver = await startWebhookReceiver({
      ...{ host: '127.0.0.1', port: 0, secret, log: () => undefined },
      hints: createHintSender(client, connection, () => undefined, unique('nobody')),
    });
    const taskId = randomTask();
    const send = async () => (await post(receiver, { event: jobEvent({ task_id: taskId }) })).status;
    expect(await send()).toBe(503);
    const [, temporalPort] = environment.connection.options.address.split(':');
    const proxy = await TcpProxy.start(Number(temporalPort), port);
    await until('the hint to be taken', async () => (await send()) === 202);
    expect((await environment.client.workflow.getHandle(`cvat-hint-${taskId}`).describe()).status.name).toBe('RUNNING');
    await receiver.close();
    await connection.close();
    await proxy.close();
  });

  it('what was taken in the quiet after another hint is held until Temporal has it, and nothing more is taken before', async () => {
    const { client, connection } = environment;
    let away = false;
    const notes: string[] = [];
    const sender = createHintSender(
      client,
      {
        withDeadline: (deadline, call) =>
          away ? Promise.reject(new Error('Temporal is away')) : connection.withDeadline(deadline, call),
      },
      (note) => notes.push(note),
      unique('nobody'),
    );
    const hint = { taskId: randomTask(), source: 'webhook' } as const;
    const taken = [sender.send(hint), sender.send(hint)];
    away = true;
    await Promise.all(taken);
    await until('the second to be held', () => Promise.resolve(notes.some((note) => note.includes('is held until'))));
    await expect(sender.send(hint)).rejects.toThrow('Temporal is away');
    away = false;
    const handle = client.workflow.getHandle(`cvat-hint-${hint.taskId}`);
    await until('both to be there', async () => {
      const { events } = await handle.fetchHistory();
      return events?.filter((event) => event.workflowExecutionSignaledEventAttributes).length === 2;
    });
    await sender.close();
    await handle.terminate();
  });

  it('a flood for tasks that nobody knows leaves one short workflow each', async () => {
    const connection = environment.connection;
    const receiver = await startWebhookReceiver({
      ...{ host: '127.0.0.1', port: 0, secret, log: () => undefined },
      hints: createHintSender(environment.client, connection, () => undefined, unique('nobody')),
    });
    const taskId = randomTask();
    const begun = performance.now();
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 100 }, () => post(receiver, { event: jobEvent({ task_id: taskId }) })));
    }
    await receiver.close();
    const seconds = (performance.now() - begun) / 1000;
    const handle = environment.client.workflow.getHandle(`cvat-hint-${taskId}`);
    const { events = [] } = await handle.fetchHistory();
    const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes) ?? [];
    expect(signals.length).toBeGreaterThan(0);
    // The first, one after each second of quiet, and what was held back at the end.
    expect(signals.length).toBeLessThanOrEqual(2 + seconds);
    await handle.terminate();
  });
});
