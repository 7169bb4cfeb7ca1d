/**
 * Uploads frames with pre-labels until that is done, as a worker does whose activity is tried again: a program of its own,
 * so that it can be killed. Its only argument is a JSON file.
 */
import { readFile } from 'node:fs/promises';
import { createCvatClient, ensureProject, mapLabels, putPreLabels, uploadTask } from '../../src/annotation/index.js';
import { PipelineError } from '../../src/common/errors.js';

export interface UploadOrder {
  host: string;
  token: string;
  name: string;
  frames: { name: string; file: string }[];
  journalFile: string;
  batchFiles: number;
}

const order = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as UploadOrder;
const client = createCvatClient(order, { pollMs: 20, retryDelayMs: 20, batchFiles: order.batchFiles });
const baseMegabytes = process.memoryUsage().rss / 2 ** 20;
let peakMegabytes = baseMegabytes;
setInterval(() => (peakMegabytes = Math.max(peakMegabytes, process.memoryUsage().rss / 2 ** 20)), 20).unref();
process.stdout.write('begins\n');
for (;;) {
  try {
    const project = await ensureProject(client, { name: 'killed', labels: ['person'] });
    const { taskId } = await uploadTask(client, { ...order, project, segmentSize: 100 });
    const frames = order.frames.map(({ name }, n) => ({
      name,
      detections: [{ classId: 0, label: 'person', confidence: 0.5, x1: n % 40, y1: 2, x2: (n % 40) + 9, y2: 8 }],
    }));
    await putPreLabels(client, taskId, { frames, labelIds: mapLabels(project, ['person']) });
    process.stdout.write(`${JSON.stringify({ taskId, baseMegabytes, peakMegabytes })}\n`);
    break;
  } catch (error) {
    if (!(error instanceof PipelineError && error.retryable)) throw error;
  }
}
