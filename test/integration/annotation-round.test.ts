import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCvatClient, type CvatClient, type PlannedPreLabels } from '../../src/annotation/index.js';
import type { RoundResult } from '../../src/activities/types.js';
import { readJsonLines } from '../../src/common/files.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { completeJobs, makeFolder, startUp, untilStatus, untilWaiting, type Up } from '../helpers/cli.js';
import { projectRoot } from '../../src/tools/index.js';
import { everythingBelow, unlessGone } from '../helpers/files.js';
import { temporaryFolder } from '../helpers/programs.js';

const planted = { CVAT_PASSWORD: 'planted-password', CVAT_WEBHOOK_SECRET: 'planted-webhook-secret' };

let folder: string;
let remove: () => Promise<void>;
let server: ReviewServer;
let cvat: CvatClient;
let up: Up;

async function someClip(): Promise<string> {
  const clips = path.join(projectRoot(), 'demo', 'clips');
  return path.join(clips, (await readdir(clips)).find((name) => name.endsWith('.mp4')) ?? 'none');
}

/** A CVAT of somebody else's, as far as the round knows. */
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('cvat'));
  server = await startReviewServer({ dataFolder: path.join(folder, 'cvat') });
  cvat = createCvatClient({ host: server.url, token: server.token });
  up = await startUp({
    name: 'annotation',
    config: {
      sources: { files: ['videos'] },
      video: { framerate: 4 },
      // By itself the round looks again in an hour: only the webhook can end its wait.
      cvat: {
        poll: '1h',
        settle: '0.2s',
        segment_size: 3,
        order: 'uncertainty',
        blind: 0.3,
        thresholds: { ball: 0.9 },
      },
    },
    env: { CVAT_HOST: server.url, CVAT_TOKEN: server.token, CVAT_USER: 'ann', ...planted },
    prepare: async (to) => copyFile(await someClip(), path.join(await makeFolder(to, 'videos'), 'match.mp4')),
  });
});
afterAll(async () => {
  await up?.stop();
  await server.close();
  await remove();
});

describe('a round with a CVAT of its own', () => {
  let taskId: number;

  it('is ended by the webhook, and says how blind frames compare', async () => {
    const { workflowId } = await up.json<{ workflowId: string }>('start');
    taskId = await untilWaiting(up, workflowId);
    const installed = await up.json<{ pinged: boolean }>('webhook', 'install', '--url', up.webhooks);
    expect(installed.pinged).toBe(true);

    const task = await cvat.json<{ bug_tracker: string; size: number }>('GET', `/api/tasks/${taskId}`);
    expect(task.bug_tracker).toContain(`/workflows/${workflowId}/`);
    const rounds = path.join(up.dataFolder, 'rounds');
    const [round = ''] = await readdir(rounds);
    const frames = await readJsonLines<PlannedPreLabels>(path.join(rounds, round, 'prelabels.jsonl'));
    const blind = frames.filter((frame) => frame.blind);
    expect(blind).toHaveLength(Math.round(task.size * 0.3));
    const shown = frames.filter((frame) => !frame.blind).flatMap(({ detections }) => detections);
    expect(shown.filter(({ label, confidence }) => label === 'ball' && confidence < 0.9)).toEqual([]);
    const { shapes } = await cvat.json<{ shapes: unknown[] }>('GET', `/api/tasks/${taskId}/annotations`);
    expect(shapes).toHaveLength(shown.length);

    await completeJobs(cvat, taskId);
    const { result } = await untilStatus(up, workflowId, 'finished', ({ state }) => state !== 'RUNNING');
    const { review } = result as RoundResult;
    // Nobody drew anything: every box that was shown was kept, every one that was not is missing.
    expect(review?.changes).toEqual({ kept: shown.length, moved: 0, relabelled: 0, deleted: 0, added: 0 });
    expect(review?.blind?.frames).toBe(blind.length);
    expect(review?.blind?.changes).toMatchObject({ kept: 0, added: 0 });
  });

  it('leaves no secret in a history, a log, a file, an answer of the command line, or the task', async () => {
    const doctor = await up.run('doctor', '--json');
    const texts: [string, string][] = [
      ['doctor', `${doctor.stdout}${doctor.stderr}`],
      ['task', JSON.stringify(await cvat.json('GET', `/api/tasks/${taskId}`))],
      ['webhooks', JSON.stringify(await cvat.list('/api/webhooks'))],
    ];
    const connection = await Connection.connect({ address: up.address });
    try {
      const client = new Client({ connection });
      for await (const { workflowId, runId } of client.workflow.list()) {
        const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
        // Payloads are base64 in the JSON of a history.
        const json = historyToJSON(history);
        const payloads = [...json.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)].map(([, data]) =>
          Buffer.from(data!, 'base64').toString(),
        );
        texts.push([`history of ${workflowId}`, [json, ...payloads].join('\n')]);
      }
    } finally {
      await connection.close();
    }
    for (const entry of await everythingBelow(up.dataFolder)) {
      // Pictures and videos hold nothing of ours; the databases are read as they are.
      if (!entry.isFile() || /\.(jpg|mp4|onnx)$/.test(entry.name)) continue;
      const file = path.join(entry.parentPath, entry.name);
      const text = await unlessGone(readFile(file, 'latin1'));
      if (text !== undefined) texts.push([path.relative(up.dataFolder, file), text]);
    }
    expect(texts.filter(([name]) => name.startsWith('history')).length).toBeGreaterThanOrEqual(3);
    expect(texts.map(([name]) => name)).toContain('pipeline.log');
    const secrets = [server.token, ...Object.values(planted)];
    const found = texts.flatMap(([name, text]) => secrets.filter((secret) => text.includes(secret)).map(() => name));
    expect(found).toEqual([]);
  });
});
