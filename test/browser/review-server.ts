import sharp from 'sharp';
import { startReviewServer, type ReviewServer, type ReviewServerOptions } from '../../src/review/server/index.js';
import { freePort, temporaryFolder } from '../helpers/programs.js';
import { batch, clientOf, makeProject, settled, type Client } from '../integration/review-server-client.js';

const width = 640;
const height = 360;

/** A review server with one project, in a folder of its own. */
export interface Desk {
  server: ReviewServer;
  call: Client;
  projectId: number;
  /** Of `person` and `car`. */
  labelIds: number[];
  stop: () => Promise<void>;
  /** Stops the server and starts it again on the same folder and port. */
  restart: (whileDown?: () => Promise<void>) => Promise<void>;
}

export async function startDesk(options: Partial<ReviewServerOptions> = {}): Promise<Desk> {
  const { folder, remove } = await temporaryFolder('browser');
  const where = { ...options, dataFolder: folder, port: await freePort() };
  const server = await startReviewServer(where);
  const call = clientOf(server);
  const { id: projectId, labelIds } = await makeProject(call);
  const desk: Desk = {
    ...{ server, call, projectId, labelIds },
    async stop() {
      await desk.server.close();
      await remove();
    },
    async restart(whileDown) {
      await desk.server.close();
      await whileDown?.();
      desk.server = await startReviewServer(where);
    },
  };
  return desk;
}

export interface Shape {
  id?: number;
  frame: number;
  label_id: number;
  points: number[];
  source?: string;
  score?: number;
}

/** A task of grey frames, each with boxes of the model as `boxesOf` says. */
export async function makeTask(
  { call, projectId }: Desk,
  frames: number,
  boxesOf: (frame: number) => Omit<Shape, 'frame'>[],
  names: { name?: string; picture?: (frame: number) => string } = {},
): Promise<{ taskId: number; jobId: number }> {
  const task = await call('POST', '/api/tasks', { name: names.name ?? 'test task', project_id: projectId });
  const taskId = (task.body as { id: number }).id;
  // Few different pictures are enough, and making them takes time.
  const pictures = await Promise.all([60, 100, 140, 180].map(picture));
  const files = Object.fromEntries(
    Array.from({ length: frames }, (_, frame) => {
      const name = names.picture?.(frame) ?? `file-0123456789ab_${String(frame * 1000).padStart(9, '0')}.jpg`;
      return [name, pictures[frame % pictures.length] as Buffer];
    }),
  );
  await call('POST', `/api/tasks/${taskId}/data`, batch(files), { 'upload-multiple': '' });
  const finish = await call('POST', `/api/tasks/${taskId}/data`, { image_quality: 90 }, { 'upload-finish': '' });
  await settled(call, (finish.body as { rq_id: string }).rq_id);
  const shapes = Array.from({ length: frames }, (_, frame) =>
    boxesOf(frame).map((box) => ({ type: 'rectangle', frame, source: 'auto', ...box })),
  ).flat();
  await call('PUT', `/api/tasks/${taskId}/annotations`, { version: 0, tags: [], tracks: [], shapes });
  const jobs = await call('GET', `/api/jobs?task_id=${taskId}`);
  return { taskId, jobId: (jobs.body as { results: { id: number }[] }).results[0]?.id ?? 0 };
}

/** What the server has, frame by frame. */
export async function shapesOf({ call }: Desk, taskId: number): Promise<Shape[]> {
  const annotations = await call('GET', `/api/tasks/${taskId}/annotations`);
  return (annotations.body as { shapes: Shape[] }).shapes;
}

function picture(shade: number): Promise<Buffer> {
  const background = { r: shade, g: shade, b: shade };
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}
