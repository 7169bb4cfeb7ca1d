import { Client, Connection } from '@temporalio/client';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { embeddedConnection } from '../../src/activities/index.js';
import { createCvatClient, type CvatClient } from '../../src/annotation/index.js';
import { readProgress, startRound, type RoundHandle } from '../../src/client/rounds.js';
import type { RoundInput, RoundResult } from '../../src/activities/types.js';
import { completeJobs, demoModel, writeSettings } from '../helpers/cli.js';
import { unlessGone } from '../helpers/files.js';
import { startOurs, temporaryFolder, until, type Program } from '../helpers/programs.js';
import { progressOf } from '../helpers/progress.js';
import { FrameGate } from '../helpers/frame-gate.js';

type HistoryEvent = NonNullable<Awaited<ReturnType<RoundHandle['fetchHistory']>>['events']>[number];

export interface RigOptions {
  /** Of the Temporal server. */
  address: string;
  namespace: string;
  /** The video that rounds take when nothing else is said. */
  clip: string;
  /** Laid over the usual configuration. */
  config?: object;
  /** Laid over the environment of all its programs. */
  env?: Record<string, string>;
}

/** In seconds, for what takes a moment on a machine that has nothing else to do, however many faults are played on it. */
export const patience = 300;

const config = (clip: string) => ({
  sources: { files: [clip] },
  video: { framerate: 0.5, blank_deviation: 0 },
  selection: { budget: 16 },
  dataset: { negatives: 'keep' },
  detector: { threads: 1 },
  cvat: { segment_size: 4, poll: '1s', settle: '0.2s' },
});

/** One host: a data folder with an annotation server and workers, each a process of its own that can be killed alone. */
export class Rig {
  private readonly programs: Program[] = [];
  private review?: Program;

  private constructor(
    private readonly options: RigOptions,
    readonly folder: string,
    private readonly remove: () => Promise<void>,
    private readonly temporal: Connection,
    readonly client: Client,
  ) {}

  /** With its annotation server, and without a worker. */
  static async start(options: RigOptions): Promise<Rig> {
    const { address, namespace, clip } = options;
    const { folder, remove } = await temporaryFolder(namespace);
    await writeSettings(folder, { ...config(clip), ...options.config }, {});
    const connection = Connection.lazy({ address });
    const rig = new Rig(options, folder, remove, connection, new Client({ connection, namespace }));
    await rig.startReview();
    return rig;
  }

  get data(): string {
    return path.join(this.folder, 'data');
  }

  /** What the programs of this host find in their environment. */
  get env(): Record<string, string> {
    const { address, namespace, env } = this.options;
    const noCvat = { CVAT_HOST: '', CVAT_TOKEN: '', CVAT_USER: '', CVAT_PASSWORD: '', CVAT_PROJECT_ID: '' };
    const temporal = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    return { ...noCvat, ...temporal, MODEL_PATH: demoModel, ...env };
  }

  private async startReview(): Promise<void> {
    const args = ['--data', path.join(this.data, 'review')];
    this.review = this.adopt(startOurs('review/server/main.js', args, { cwd: this.folder }));
    await until(
      'the annotation server',
      async () => (await this.cvat()).list('/api/tasks').catch(() => undefined),
      patience,
    );
  }

  /** Kills the annotation server and starts it again on what it has written down. */
  async killReview(): Promise<void> {
    await this.review?.kill();
    await this.startReview();
  }

  startWorker(env: Record<string, string> = {}, ...args: string[]): Program {
    return this.startProgram(['worker', '--quiet', ...args], env);
  }

  /** A worker that stands still in its video after so many frames, until the gate opens. */
  async startWorkerAtGate(
    frames: number,
    env: Record<string, string> = {},
  ): Promise<{ worker: Program; gate: FrameGate }> {
    const gate = await FrameGate.create(this.folder, frames);
    return { worker: this.startWorker({ ...env, ...gate.env }), gate };
  }

  startProgram(args: string[], env: Record<string, string> = {}): Program {
    return this.adopt(startOurs('client/main.js', args, { cwd: this.folder, env: { ...this.env, ...env } }));
  }

  /** What somebody else has started here, to be ended with the rest. */
  adopt(program: Program): Program {
    this.programs.push(program);
    return program;
  }

  /** Of the annotation server. */
  connection(): Promise<{ host: string; token: string }> {
    return until('the address of the annotation server', () => embeddedConnection(this.data).catch(() => undefined));
  }

  /** Past all proxies. */
  async cvat(): Promise<CvatClient> {
    return createCvatClient(await this.connection());
  }

  startRound(input: RoundInput = {}, id = 'round-1'): Promise<RoundHandle> {
    return startRound(this.client, id, input);
  }

  /** Frames that are written down so far, of all videos of a round. */
  async framesDone(roundId = 'round-1'): Promise<number> {
    const folder = path.join(this.data, 'rounds', roundId, 'candidates');
    const names = await readdir(folder).catch(() => []);
    const texts = await Promise.all(
      names
        .filter((name) => /^[^.].*\.jsonl/.test(name))
        // The file of a video in work goes when the video is done.
        .map(async (name) => (await unlessGone(readFile(path.join(folder, name), 'utf8'))) ?? ''),
    );
    return texts.join('').split('\n').length - 1;
  }

  untilFrames(count: number, roundId?: string): Promise<boolean> {
    return until(`${count} frames`, async () => (await this.framesDone(roundId)) >= count, patience);
  }

  /** Waits until the round waits for people; gives the number of its task. */
  async untilWaiting(handle: RoundHandle): Promise<number> {
    let last: unknown;
    try {
      return await until(
        'people to be waited for',
        async () => {
          const progress = await readProgress(handle).catch((error: unknown) => void (last = error));
          last = progress ?? last;
          return progress?.stage === 'waiting' && progress.task?.id;
        },
        patience,
      );
    } catch (error) {
      throw new Error(`the round stands at ${JSON.stringify(last)}`, { cause: error });
    }
  }

  /** A person who agrees with the model about everything; then the end of the round. */
  async reviewAndFinish(handle: RoundHandle): Promise<RoundResult> {
    await completeJobs(await this.cvat(), await this.untilWaiting(handle));
    return handle.result();
  }

  async events(workflowId: string): Promise<HistoryEvent[]> {
    return (await this.client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  }

  /** The attempts that an activity took, as its history keeps them: how many, and why the last but one failed. */
  async attempts(workflowId: string, activity: string): Promise<{ attempt: number; why: string }[]> {
    const events = await this.events(workflowId);
    return events.flatMap(({ activityTaskStartedEventAttributes: started }) => {
      const scheduled = events[Number(started?.scheduledEventId ?? 0) - 1]?.activityTaskScheduledEventAttributes;
      if (!started || scheduled?.activityType?.name !== activity) return [];
      return [{ attempt: started.attempt ?? 1, why: started.lastFailure?.message ?? '' }];
    });
  }

  /** The workflow of the one video in work. */
  async untilVideo(handle: RoundHandle): Promise<string> {
    const { workflow } = this.client;
    return until(
      'a video to be begun',
      async () => {
        const [videoKey] = (await progressOf(handle))?.videos.inFlight ?? [];
        const begun =
          videoKey &&
          (await workflow
            .getHandle(`video-${videoKey}`)
            .describe()
            .catch(() => undefined));
        return begun && begun.workflowId;
      },
      patience,
    );
  }

  /** Ends all programs; the files stay. */
  async halt(): Promise<void> {
    for (const program of this.programs.splice(0).reverse()) await program.stop();
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.temporal.close();
    await this.remove();
  }
}
