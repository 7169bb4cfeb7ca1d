import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { expect } from 'vitest';
import { completeJobs } from '../../helpers/cli.js';
import { startFaultyProxy, type Fault as HttpFault } from '../../helpers/faulty-proxy.js';
import { freePort, until } from '../../helpers/programs.js';
import { repetitions } from '../records.js';
import { patience, type Rig } from '../rig.js';
import type { Fault, Trial } from '../trial.js';

const secret = 'planted-webhook-secret';

/** Sends an event about a job of a task, as CVAT does: again when the receiver cannot hand it on at once. */
async function post(url: string, taskId: number, state: string, signedWith = secret): Promise<number> {
  const job = { id: 1, task_id: taskId, project_id: 1, type: 'annotation', stage: 'annotation', state };
  const body = JSON.stringify({ event: 'update:job', job, webhook_id: 1 });
  const signature = createHmac('sha256', signedWith).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-signature-256': `sha256=${signature}` };
  return until(
    'the receiver to take an event',
    async () => {
      const { status } = await fetch(url, { method: 'POST', body, headers });
      return status !== 503 && status;
    },
    patience,
  );
}

async function startReceiver(rig: Rig): Promise<string> {
  const port = await freePort();
  rig.startProgram(['webhook', 'serve', '--port', `${port}`], { CVAT_WEBHOOK_SECRET: secret });
  const url = `http://127.0.0.1:${port}/`;
  await until(
    'the webhook receiver',
    () =>
      fetch(`${url}health`).then(
        (answer) => answer.ok,
        () => false,
      ),
    patience,
  );
  return url;
}

/** Events early, late, ten times, out of order and forged: they say where to look, and nothing else. */
async function webhooksInDisorder(trial: Trial): Promise<void> {
  // By itself the round would look again in an hour.
  const rig = await trial.rig({ config: { cvat: { segment_size: 4, poll: '1h', settle: '0.2s' } } });
  const url = await startReceiver(rig);
  rig.startWorker();
  const round = await rig.startRound();
  // The first task of the server will be number 1: nobody waits for it yet.
  expect(await post(url, 1, 'completed')).toBe(202);
  const taskId = await rig.untilWaiting(round);
  expect(taskId).toBe(1);

  expect(await post(url, taskId, 'completed', 'guessed')).toBe(403);
  const disorder = ['completed', 'in progress', 'rejected', ...Array.from({ length: 10 }, () => 'completed')];
  for (const state of disorder) expect([200, 202]).toContain(await post(url, taskId, state));
  expect((await round.describe()).status.name).toBe('RUNNING');

  await completeJobs(await rig.cvat(), taskId);
  const statuses = await Promise.all(Array.from({ length: 10 }, () => post(url, taskId, 'completed')));
  expect(new Set(statuses)).toEqual(new Set([202]));
  expect(await round.result()).toMatchObject({ state: 'finished' });
  expect(await post(url, taskId, 'completed')).toBe(202);
  const merges = (await rig.events('round-1')).filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'mergeDataset',
  );
  expect(merges).toHaveLength(1);
  await trial.judge(rig);
}

/** What the annotation server's answers may be like; the client waits two minutes for one that does not come. */
const spoiled: HttpFault[] = [
  ...(['500', '429 with Retry-After', '502 after', 'reset before', '503', 'half an answer', 'reset after'] as const),
  ...(repetitions > 1 ? (['stall'] as const) : []),
];

/** Every third answer is spoiled, each in another way; and the worker dies when the task exists and it does not know. */
async function serverSpoilsAnswers(trial: Trial): Promise<void> {
  const rig = await trial.rig();
  let count = 0;
  let halfMade = false;
  // Before that, the server is only asked whether it would make a task.
  const selection = path.join(rig.data, 'rounds', 'round-1', 'selection.jsonl');
  const choose = ({ method, url = '' }: IncomingMessage): HttpFault | undefined => {
    if (method === 'POST' && /^\/api\/tasks(\?|$)/.test(url) && !halfMade && existsSync(selection)) {
      halfMade = true;
      return 'stall';
    }
    count += 1;
    return count % 3 === 0 ? spoiled[count / 3 - 1] : undefined;
  };
  const { host, token } = await rig.connection();
  const proxy = await startFaultyProxy(host, choose);
  trial.after(() => proxy.close());
  const env = { CVAT_HOST: proxy.url, CVAT_TOKEN: token };
  const worker = rig.startWorker(env);
  const round = await rig.startRound();
  const cvat = await rig.cvat();
  await until(
    'a task that the worker does not know of',
    async () => (await cvat.list('/api/tasks')).length > 0,
    patience,
  );
  await worker.kill();
  trial.killed();
  rig.startWorker(env);
  await rig.reviewAndFinish(round);
  expect(count).toBeGreaterThan(3 * spoiled.length);
  // The tables of the dataset name the task, which was made anew under the next number.
  await trial.judge(rig, { only: /^(?!file dataset\/(?!images|labels))/ });
}

export const annotationFaults: Fault[] = [
  { id: '7-bad-answers', title: '7 annotation server spoils answers', play: serverSpoilsAnswers },
  { id: '6-webhooks', title: '6 webhooks in disorder', play: webhooksInDisorder },
];
