import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openCatalog } from '../../src/catalog/index.js';
import { toJsonLines } from '../../src/common/files.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { temporaryFolder } from '../helpers/programs.js';
import { clientOf, jpeg, makeProject, type Client } from '../integration/review-server-client.js';
import { makeTask, type Desk } from './review-server.js';

/** A review server beside the data of a pipeline: a round that waits for people, one that is over, and a dataset. */
export interface PipelineDesk {
  server: ReviewServer;
  call: Client;
  roundId: string;
  jobId: number;
  reviewPath: string;
  stop: () => Promise<void>;
}

const videoKey = 'file-0123456789ab';
const frameId = (seconds: number) => `${videoKey}_${String(seconds * 1000).padStart(9, '0')}`;

export async function startPipelineDesk(): Promise<PipelineDesk> {
  const { folder, remove } = await temporaryFolder('pipeline-desk');
  const server = await startReviewServer({
    dataFolder: path.join(folder, 'review'),
    pipeline: { data: folder, dataset: path.join(folder, 'dataset'), temporalUi: 'http://127.0.0.1:8233' },
  });
  const call = clientOf(server);
  const { id: projectId, labelIds } = await makeProject(call);
  const desk: Desk = { ...{ server, call, projectId, labelIds }, stop: remove, restart: () => Promise.resolve() };
  const [person = 0, car = 0] = labelIds;
  const { taskId, jobId } = await makeTask(desk, 3, () => [
    { label_id: person, points: [100, 100, 160, 200], score: 0.62 },
    { label_id: car, points: [400, 120, 480, 180], score: 0.35 },
  ]);
  const roundId = 'active-learning-20260301-100000-00aa';
  await writeRound(folder, roundId, taskId, server.url);
  await writeDataset(path.join(folder, 'dataset'));
  return {
    ...{ server, call, roundId, jobId },
    reviewPath: `/tasks/${taskId}/jobs/${jobId}`,
    async stop() {
      await server.close();
      await remove();
    },
  };
}

async function writeRound(dataFolder: string, roundId: string, taskId: number, url: string): Promise<void> {
  const folder = path.join(dataFolder, 'rounds', roundId);
  await mkdir(path.join(folder, 'candidates'), { recursive: true });
  const lines = [0, 1, 2].map((seconds) => ({
    ...{ frameId: frameId(seconds), videoKey, ptsSeconds: seconds + 4.5, width: 640, height: 360 },
    ...{ file: '', sha256: '', perceptualHash: '', modelSha256: '', detections: [{}, {}] },
    ...{ score: 1.5, arm: 'chosen', reason: '2 of 2 boxes near the threshold' },
  }));
  await writeFile(path.join(folder, 'round.json'), '{}');
  await writeFile(path.join(folder, 'candidates', `${videoKey}.jsonl`), toJsonLines(lines));
  for (const name of ['candidates.jsonl', 'selection.jsonl']) {
    await writeFile(path.join(folder, name), toJsonLines(lines));
  }
  const catalog = await openCatalog(dataFolder);
  await catalog.ensureRound({
    ...{ workflowId: roundId, runId: 'run-1', folderOf: () => folder },
    startedAt: '2026-03-01T10:00:00.000Z',
  });
  await catalog.claimVideo(roundId, { videoKey, source: 'file' });
  await catalog.frames.recordCandidates(roundId, videoKey, []);
  await catalog.updateRound(roundId, { taskId, taskUrl: `${url}/tasks/${taskId}`, state: 'waiting' });
  await catalog.close();
}

/** Two rounds, two videos: four frames with 2, 1, 3 and 1 boxes; `car` is on two of them, with 1 and 2 boxes. */
async function writeDataset(folder: string): Promise<void> {
  const box = (label: string, x1: number) => ({ label, x1, y1: 10, x2: x1 + 20, y2: 40 });
  const records = [
    record('a', 0, 'train', '20260101', [box('person', 5), box('car', 30)]),
    record('b', 0, 'val', '20260101', [box('person', 5)]),
    record('a', 1, 'train', '20260201', [box('person', 1), box('car', 20), box('car', 40)]),
    record('a', 2, 'train', '20260201', [box('person', 5)]),
  ];
  const picture = await jpeg(90);
  for (const { split, frameId: id } of records) {
    await mkdir(path.join(folder, 'images', split), { recursive: true });
    await writeFile(path.join(folder, 'images', split, `${id}.jpg`), picture);
  }
  await writeFile(path.join(folder, 'manifest.jsonl'), toJsonLines(records));
}

function record(video: string, seconds: number, split: string, date: string, boxes: object[]) {
  return {
    frameId: `file-${video.repeat(12)}_${String(seconds * 1000).padStart(9, '0')}`,
    videoKey: `file-${video.repeat(12)}`,
    ...{ split, width: 64, height: 48, boxes },
    change: { kept: 1, moved: boxes.length - 1, relabelled: 0, deleted: 1, added: 0 },
    provenance: { round: `active-learning-${date}-100000-00aa`, reason: 'drawn at random' },
  };
}
