import type { Client } from '@temporalio/client';
import { once } from 'node:events';
import path from 'node:path';
import { stringify } from 'yaml';
import { embeddedConnection } from '../../activities/index.js';
import { createCvatClient } from '../../annotation/index.js';
import { writeFileAtomic } from '../../common/files.js';
import { datasetStats } from '../../dataset/index.js';
import { bundledClips, loadClipTruth, reviewTask, type ClipTruth, type ReviewCounts } from '../../demo/index.js';
import { startStack } from '../../stack/index.js';
import { projectRoot } from '../../tools/index.js';
import type { RoundProgress } from '../../workflows/messages.js';
import { withClient } from '../connect.js';
import { type CommonOptions } from '../context.js';
import { describeResult } from '../describe-result.js';
import { interruption, note, printResult } from '../output.js';
import { newestRound, newWorkflowId, roundHandle, startRound, type RoundHandle } from '../rounds.js';
import { watchRound } from '../watch-round.js';
import { defaultPorts } from '../ports.js';

interface DemoOptions extends CommonOptions {
  data: string;
  reviewerErrors: number;
  /** The user reviews, in the browser, instead of the scripted reviewer. */
  review?: boolean;
}

export async function demo(options: DemoOptions): Promise<void> {
  const data = path.resolve(options.data);
  const configFile = path.join(data, 'config.yaml');
  await writeFileAtomic(configFile, stringify(demoConfig(data)));
  note(`Frameloop demo, in ${data}`);
  const interrupted = interruption();
  const stack = await startStack({
    dataFolder: data,
    ports: defaultPorts,
    portTaken: 'any',
    review: true,
    configFile,
    // The demo has its own model and annotation server, whatever is configured for real work.
    env: {
      MODEL_PATH: path.join(projectRoot(), 'models', 'demo.onnx'),
      ...{ CVAT_HOST: '', CVAT_TOKEN: '', CVAT_USER: '', CVAT_PASSWORD: '', CVAT_PROJECT_ID: '' },
    },
    quiet: true,
    onRestart: note,
    signal: interrupted,
  });
  const ended = AbortSignal.any([interrupted, stack.broken]);
  try {
    note(`Temporal UI while this runs: ${stack.temporalUi}`);
    const truth = await loadClipTruth();
    const target = {
      address: stack.temporalAddress,
      namespace: 'default',
      connectionOptions: { address: stack.temporalAddress },
    };
    const result = await withClient(async (client) => {
      const handle = await openRound(client);
      const reviewer = options.review
        ? new Invitation(stack.reviewLink)
        : new Reviewer(data, truth, handle, options.reviewerErrors);
      return watchRound(handle, {
        silent: options.json,
        signal: ended,
        onProgress: (progress) => reviewer.look(progress),
      });
    }, target);
    const text = [
      describeResult(result),
      ...(result.dataset ? [] : [await describeDataset(path.join(data, 'dataset'))]),
      '',
      `The dataset is in ${path.join(data, 'dataset')}: a YOLO trainer loads its data.yaml as it is.`,
      `The report is ${path.join(data, 'dataset', 'report.html')}: open it in a browser.`,
      `See every step in the Temporal UI: npm run frameloop -- up --config ${path.join(options.data, 'config.yaml')}, then http://127.0.0.1:8233`,
    ];
    printResult(options.json, result, text.join('\n'));
    if (options.review && !ended.aborted) {
      note('Rounds and dataset stay open in the browser until Ctrl-C.');
      await once(ended, 'abort');
      if (!interrupted.aborted) stack.broken.throwIfAborted();
    }
  } finally {
    await stack.stop();
  }
}

/** A round that had nothing new says nothing about the dataset that earlier ones made. */
async function describeDataset(folder: string): Promise<string> {
  const { frames, boxes, bySplit, version, videos } = await datasetStats(folder);
  const counts = `${frames} frames of ${videos} videos, ${boxes} boxes (train ${bySplit.train}, val ${bySplit.val})`;
  return `  dataset        ${counts}, as before\n    version      ${version}`;
}

/** Samples densely and sends few frames to the reviewer, as one would with real footage. */
function demoConfig(data: string) {
  return {
    paths: { data },
    sources: { files: [bundledClips()] },
    video: { framerate: 1 },
    selection: { strategy: 'uncertainty', budget: 24 },
    cvat: { project: 'Frameloop demo', segment_size: 8, poll: '2s', settle: '1s' },
  };
}

function describeReview(counts: ReviewCounts, taskId: number): string {
  const { frames, kept, moved, relabelled, deleted, added, mistakes } = counts;
  const done = `${kept} boxes kept, ${moved} moved, ${relabelled} relabelled, ${deleted} deleted, ${added} added`;
  const wrong = mistakes > 0 ? `, ${mistakes} of these decisions wrong` : '';
  return `The scripted reviewer corrected ${frames} frames of task ${taskId}: ${done}${wrong}`;
}

/** The round that an interrupted demo left open goes on; else a new one begins. */
async function openRound(client: Client): Promise<RoundHandle> {
  const newest = await newestRound(client);
  if (newest) {
    const handle = roundHandle(client, newest);
    if ((await handle.describe()).status.name === 'RUNNING') {
      note(`Going on with round ${newest}`);
      return handle;
    }
  }
  return startRound(client, newWorkflowId(), {});
}

/** Tells the user, once for each task, where to review. */
class Invitation {
  private toldTask?: number;

  constructor(private readonly link: string | undefined) {}

  look({ stage, task }: RoundProgress): Promise<void> {
    if (stage === 'waiting' && task && this.link !== undefined && task.id !== this.toldTask) {
      this.toldTask = task.id;
      const { search } = new URL(this.link);
      note(`Review the frames in your browser; the round goes on when you have finished all ${task.jobsTotal} jobs:`);
      note(`  ${new URL(`/tasks/${task.id}${search}`, this.link).href}`);
    }
    return Promise.resolve();
  }
}

/** Corrects the task of a round as soon as the round waits for people, and says so, as a person would. */
class Reviewer {
  private reviewedTask?: number;

  constructor(
    private readonly data: string,
    private readonly truth: ClipTruth,
    private readonly handle: RoundHandle,
    private readonly errorRate: number,
  ) {}

  async look({ stage, task }: RoundProgress): Promise<void> {
    if (stage !== 'waiting' || !task || task.id === this.reviewedTask) return;
    const client = createCvatClient(await embeddedConnection(this.data));
    const { errorRate } = this;
    const counts = await reviewTask(client, task.id, (frame) => this.truth.boxesOf(frame), { errorRate });
    this.reviewedTask = task.id;
    note(describeReview(counts, task.id));
    await this.handle.signal('annotationCompleted', { taskId: task.id, source: 'demo reviewer' });
  }
}
