import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/common/errors.js';
import {
  createCvatClient,
  ensureProject,
  mapLabels,
  putPreLabels,
  uploadTask,
  type CvatClient,
  type ProjectInfo,
  type UploadFrame,
} from '../../src/annotation/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';

type Fault = 'reset before' | 'reset after' | '500 before' | '503 after' | '429' | '413' | 'half an answer';
const FAULTS: Fault[] = ['reset before', 'reset after', '500 before', '503 after', '429', '413', 'half an answer'];

let folder: string;
let server: ReviewServer;
let proxy: Server;
let direct: CvatClient;
let throughProxy: CvatClient;
let project: ProjectInfo;
let frames: UploadFrame[];

/** Which request since the last reset gets which fault. */
let fault: { at: number; kind: Fault } | undefined;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-faults-'));
  const picture = await sharp({ create: { width: 16, height: 12, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const file = path.join(folder, 'frame.jpg');
  await writeFile(file, picture);
  frames = Array.from({ length: 5 }, (_, n) => ({ name: `file-a_${String(n).padStart(9, '0')}.jpg`, file }));

  server = await startReviewServer({ dataFolder: path.join(folder, 'server') });
  proxy = createServer((request, response) => void forward(request, response));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  // Two batches, so that a fault can come between them.
  const tuning = { retryDelayMs: 5, pollMs: 10, batchFiles: 3 };
  direct = createCvatClient({ host: server.url, token: server.token }, tuning);
  const host = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  throughProxy = createCvatClient({ host, token: server.token }, tuning);
  project = await ensureProject(direct, { name: 'faults', labels: ['person'] });
});

afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const kind = count++ === fault?.at ? fault.kind : undefined;
  if (kind === 'reset before') return void request.socket.resetAndDestroy();
  if (kind === '500 before') return answer(response, 500, '<h1>Server Error (500)</h1>');
  if (kind === '429') return answer(response, 429, '{"detail":"Request was throttled."}', { 'retry-after': '0' });
  if (kind === '413' && 'upload-multiple' in request.headers)
    return answer(response, 413, '<h1>413 Request Entity Too Large</h1>');
  const { authorization, accept, 'content-type': type } = request.headers;
  const upload = Object.entries(request.headers).filter(([name]) => name.startsWith('upload-'));
  const real = await fetch(`${server.url}${request.url}`, {
    method: request.method,
    headers: {
      ...Object.fromEntries(upload),
      ...(authorization && { authorization }),
      ...(type && { 'content-type': type }),
      accept: accept ?? '*/*',
    } as Record<string, string>,
    body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
  });
  const body = await real.text();
  if (kind === 'reset after') return void request.socket.resetAndDestroy();
  if (kind === '503 after') return answer(response, 503, '');
  answer(response, real.status, kind === 'half an answer' && body !== '' ? body.slice(0, 3) : body);
}

function answer(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  // 204 answers have no body, and a server must not say that they have an empty one.
  response.writeHead(status, status === 204 ? headers : { 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

/** One upload with its pre-labels, tried again as a workflow would: only where the error says that it may help. */
async function bringIn(client: CvatClient, name: string): Promise<number> {
  const labelIds = mapLabels(project, ['person']);
  const detections = [{ classId: 0, label: 'person', confidence: 0.5, x1: 1, y1: 2, x2: 9, y2: 8 }];
  for (let attempt = 1; ; attempt++) {
    try {
      const { taskId } = await uploadTask(client, { name, project, frames, segmentSize: 2 });
      await putPreLabels(client, taskId, { frames: [{ name: frames[4]!.name, detections }], labelIds });
      return taskId;
    } catch (error) {
      if (!(error instanceof PipelineError) || !error.retryable || attempt === 5) throw error;
    }
  }
}

async function expectOneRightTask(name: string, taskId: number): Promise<void> {
  const tasks = await direct.list<{ id: number; name: string }>('/api/tasks', { project_id: project.id, name });
  expect(tasks.map(({ id }) => id)).toEqual([taskId]);
  const meta = await direct.json<{ frames: { name: string }[] }>('GET', `/api/tasks/${taskId}/data/meta`);
  expect(meta.frames.map((frame) => frame.name)).toEqual(frames.map((frame) => frame.name));
  const { shapes } = await direct.json<{ shapes: object[] }>('GET', `/api/tasks/${taskId}/annotations`);
  expect(shapes).toMatchObject([{ frame: 4, points: [1, 2, 9, 8], source: 'auto' }]);
  expect(shapes).toHaveLength(1);
}

describe('one fault at every single request of an upload with pre-labels', () => {
  let requests = 0;

  it('none: how many requests there are', async () => {
    count = 0;
    await expectOneRightTask('undisturbed', await bringIn(throughProxy, 'undisturbed'));
    requests = count;
    expect(requests).toBeGreaterThan(10);
  });

  it.each(FAULTS)('%s: one task, the right frames, the right boxes', async (kind) => {
    for (let at = 0; at < requests; at++) {
      const name = `${kind} ${at}`;
      fault = { at, kind };
      count = 0;
      await expectOneRightTask(name, await bringIn(throughProxy, name));
    }
    fault = undefined;
    console.log(`${kind}: ${requests} cases`);
  });
});
