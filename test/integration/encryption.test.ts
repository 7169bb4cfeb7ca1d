import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProgress, readTroubles, roundResult, startRound } from '../../src/client/rounds.js';
import { dataConverter, failureConverterPath } from '../../src/encryption/index.js';
import { findTool } from '../../src/tools/index.js';
import type { ActiveLearningWorkflow } from '../../src/workflows/active-learning.js';
import { interrupt, readyDocument, startCli } from '../helpers/cli.js';
import { freePort, temporaryFolder, until } from '../helpers/programs.js';
import { stubActivities } from '../helpers/stub-activities.js';
import { bundleWorkflows, createEnvironment, unique } from '../helpers/workflow-environment.js';

const newKey = () => randomBytes(32).toString('base64');
const first = { FRAMELOOP_ENCRYPTION_KEY: newKey() };
const rotated = { FRAMELOOP_ENCRYPTION_KEY: newKey(), FRAMELOOP_ENCRYPTION_OLD_KEYS: first.FRAMELOOP_ENCRYPTION_KEY };
/** A word of the round's input, one of an activity's result, and one of the round's result. */
const plaintext = ['planted-video.mp4', 'planted-report.html', 'finished'];
const origin = 'http://127.0.0.1:8233';

/** JSON of a history, followed by what its bytes are, which stand there in base64. */
const readable = (json: string): string =>
  [json, ...[...json.matchAll(/"([\w+/]+=*)"/g)].map(([, text = '']) => Buffer.from(text, 'base64').toString())].join(
    '\n',
  );

describe('payload encryption', () => {
  let environment: TestWorkflowEnvironment;
  const workflowId = unique('encrypted');
  const failedId = unique('encrypted-failed');
  let site: 'up' | { message: string; nonRetryable: boolean } = { message: 'planted-trouble.mp4', nonRetryable: false };
  let troubles: string[] = [];
  const clientWith = (env: NodeJS.ProcessEnv): Client =>
    new Client({ connection: environment.connection, dataConverter: dataConverter(env) });
  const shownHistory = async (id: string, ...more: string[]) => {
    const { path: cli } = await findTool('temporal');
    const target = ['--address', environment.address, '--workflow-id', id, '--output', 'json'];
    return (await execa(cli, ['workflow', 'show', ...target, ...more])).stdout;
  };

  beforeAll(async () => {
    environment = await createEnvironment();
    const { activities, reading } = stubActivities({
      listVideos: () =>
        site === 'up'
          ? Promise.resolve({ videos: [], skipped: [] })
          : Promise.reject(ApplicationFailure.create({ ...site, type: 'SITE_TROUBLE' })),
      writeReport: () => Promise.resolve({ file: 'planted-report.html', dataset: 'dataset.html' }),
    });
    Object.assign(reading, { state: 'complete', jobsDone: 2 });
    const taskQueue = unique('encrypted');
    const worker = await Worker.create({
      ...{ connection: environment.nativeConnection, taskQueue, activities },
      workflowBundle: await bundleWorkflows({ failureConverterPath }),
      dataConverter: dataConverter(first),
    });
    await worker.runUntil(async () => {
      const handle = await startRound(clientWith(first), workflowId, { videos: ['planted-video.mp4'] }, taskQueue);
      await until('an attempt that failed', async () => {
        troubles = await readTroubles(handle, await readProgress(handle));
        return troubles.length > 0;
      });
      site = 'up';
      await handle.result();
      site = { message: 'planted-failure.mp4', nonRetryable: true };
      await (await startRound(clientWith(first), failedId, {}, taskQueue)).result().catch(() => undefined);
    });
  });
  afterAll(() => environment.teardown());

  it('leaves no input, result or summary readable in the history', async () => {
    const history = readable(await shownHistory(workflowId));
    expect(plaintext.filter((word) => history.includes(word))).toEqual([]);
    expect(history).toContain('binary/encrypted');
  });

  it('leaves no message of an error readable, and whoever has the key reads them', async () => {
    const history = readable(await shownHistory(failedId));
    expect(history).not.toContain('planted-failure');
    expect(history).toContain('Encoded failure');
    const handle = clientWith(first).workflow.getHandle<typeof ActiveLearningWorkflow>(failedId);
    await expect(roundResult(handle)).rejects.toThrow('planted-failure.mp4');
    // While it was tried again, too.
    expect(troubles).toEqual([expect.stringMatching(/^listVideos, attempt \d+: planted-trouble\.mp4$/)]);
  });

  it.each([
    ['the key', first],
    ['a new key, and the old one beside it', rotated],
  ])('whoever has %s reads it', async (_, env) => {
    expect(await clientWith(env).workflow.getHandle(workflowId).result()).toMatchObject({ state: 'finished' });
  });

  it.each([
    ['another key', { FRAMELOOP_ENCRYPTION_KEY: newKey() }],
    ['no key', {}],
  ])('whoever has %s is told which key is missing', async (_, env) => {
    const reading = clientWith(env).workflow.getHandle(workflowId).result();
    await expect(reading).rejects.toThrow(/encrypted with the key [0-9a-f]{8}, which is not here/);
  });

  it('`frameloop codec serve` makes it readable for Temporal’s own command line, and for nobody from elsewhere', async () => {
    const { folder, remove } = await temporaryFolder('codec');
    const args = ['codec', 'serve', '--json', '--ui', origin, '--port', `${await freePort()}`];
    const server = startCli(args, { cwd: folder, env: first });
    try {
      const url = String((await readyDocument(server)).url);
      const shown = readable(await shownHistory(workflowId, '--codec-endpoint', url));
      expect(plaintext.filter((word) => shown.includes(word))).toEqual(plaintext);

      const ask = (headers: Record<string, string>) =>
        fetch(`${url}/decode`, { method: 'POST', headers, body: '{"payloads":[]}' });
      const answer = await ask({ origin });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
      expect((await ask({ origin: 'https://elsewhere.test' })).status).toBe(403);
    } finally {
      expect((await interrupt(server)).exitCode).toBe(0);
      await remove();
    }
  });
});
