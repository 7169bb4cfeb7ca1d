import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../../../common/errors.js';
import type { WireChanges, WireReasons, WireRound, WireStage } from '../../wire.js';
import type { Store } from '../store/database.js';
import { jobsOfTasks } from '../store/tasks.js';
import { readCatalog, type CatalogRound, type CatalogVideos } from './catalog.js';
import { fileCache, parseLines, type PipelineFolders } from './pipeline.js';

/** Rounds whose files are kept in memory; the page shows all, but only few of them change. */
const cachedFiles = 500;

/** What we read of `result.json`. */
interface ResultFile {
  message: string;
  videos: { found: number; processed: number; failed: unknown[] };
  frames: { sampled: number; selected: number };
  task?: { preLabels: number };
  review?: { changes: WireChanges };
  dataset?: { added: number; frames: number; boxes: number };
  training?: { accepted?: boolean; newScore?: number };
}

/** What we read of a line of `selection.jsonl`. */
interface SelectedFrame {
  frameId: string;
  videoKey: string;
  ptsSeconds: number;
  score: number;
  reason: string;
  arm: string;
  detections: number;
}

/** The rounds as the page shows them, put together from the pipeline's catalog and files and from our own jobs. */
export class Rounds {
  private readonly result = fileCache(cachedFiles, (text) => JSON.parse(text) as ResultFile);
  private readonly lineCount = fileCache(cachedFiles, (text) => parseLines(text).length);
  private readonly selection = fileCache(cachedFiles, (text) =>
    parseLines<Omit<SelectedFrame, 'detections'> & { detections: unknown[] }>(text).map(
      ({ frameId, videoKey, ptsSeconds, score, reason, arm, detections }): SelectedFrame => ({
        ...{ frameId, videoKey, ptsSeconds, score, reason, arm },
        detections: detections.length,
      }),
    ),
  );

  /** `hosts`: what stands in the addresses of this server that the pipeline has used. */
  constructor(
    private readonly folders: PipelineFolders,
    private readonly store: Store,
    private readonly hosts: ReadonlySet<string>,
  ) {}

  /** Newest first. */
  async list(): Promise<WireRound[]> {
    const { rounds, videos } = readCatalog(this.folders.data);
    const ours = rounds.flatMap((round) => (this.isOurs(round) ? [round.taskId] : []));
    const jobs = await jobsOfTasks(this.store, ours);
    const list: WireRound[] = [];
    for (const round of rounds) {
      const ofTask = this.isOurs(round) ? jobs.get(round.taskId) : undefined;
      list.push(await this.describe(round, videos, ofTask));
    }
    return list;
  }

  /** Why the frames of a task of this server were chosen; names of pictures are frame ids. */
  async reasons(taskId: number, names: readonly { frame: number; name: string }[]): Promise<WireReasons> {
    const round = readCatalog(this.folders.data).rounds.find((one) => one.taskId === taskId && this.isOurs(one));
    if (round === undefined) return { roundId: null, frames: [] };
    const selected = new Map(
      ((await this.selection(path.join(round.folder, 'selection.jsonl'))) ?? []).map((line) => [line.frameId, line]),
    );
    const frames = names.flatMap(({ frame, name }) => {
      const line = selected.get(path.parse(name).name);
      if (line === undefined) return [];
      const { frameId, videoKey, ptsSeconds, score, reason, arm } = line;
      return [{ frame, frameId, videoKey, ptsSeconds, score, reason, arm }];
    });
    return { roundId: round.id, frames };
  }

  private async describe(
    round: CatalogRound,
    videos: readonly CatalogVideos[],
    jobs: readonly { state: string }[] | undefined,
  ): Promise<WireRound> {
    const result = await this.result(path.join(round.folder, 'result.json'));
    const count = (...states: string[]) =>
      videos
        .filter(({ roundId, state }) => roundId === round.id && (states.length === 0 || states.includes(state)))
        .reduce((sum, { count: n }) => sum + n, 0);
    const selection = result ? undefined : await this.selection(path.join(round.folder, 'selection.jsonl'));
    const { training } = result ?? {};
    return {
      id: round.id,
      stage: result && round.state === 'running' ? 'merging' : await this.stageOf(round),
      startedAt: round.startedAt,
      endedAt: round.endedAt,
      message: result?.message ?? null,
      temporalUrl: this.temporalUrl(round),
      videos: result
        ? { found: result.videos.found, done: result.videos.processed, failed: result.videos.failed.length }
        : { found: count(), done: count('processed'), failed: count('failed') },
      frames: result
        ? { sampled: result.frames.sampled, selected: result.frames.selected }
        : { sampled: await this.sampled(round.folder), selected: selection?.length ?? 0 },
      preLabels: result
        ? (result.task?.preLabels ?? null)
        : round.taskId === null
          ? null
          : (selection?.reduce((sum, { detections }) => sum + detections, 0) ?? null),
      task:
        round.taskId === null
          ? null
          : {
              id: round.taskId,
              onThisServer: jobs !== undefined,
              jobsDone: jobs?.filter(({ state }) => state === 'completed').length ?? 0,
              jobsTotal: jobs?.length ?? 0,
            },
      changes: result?.review?.changes ?? null,
      dataset: result?.dataset ?? null,
      model:
        training?.accepted === undefined ? null : { score: training.newScore ?? null, accepted: training.accepted },
    };
  }

  /** How far a round is, by what it has written down: the files appear in this order. */
  private async stageOf({ state, folder, taskId }: CatalogRound): Promise<WireStage> {
    const has = async (name: string) => (await this.lineCount(path.join(folder, name)).catch(() => 0)) !== undefined;
    if (state === 'waiting') return (await has('annotations.json')) ? 'merging' : 'waiting';
    if (state !== 'running') return state;
    if (taskId !== null) return (await has('annotations.json')) ? 'merging' : 'uploading';
    if (await has('selection.jsonl')) return 'uploading';
    if (await has('candidates.jsonl')) return 'selecting';
    return (await has('round.json')) ? 'processing' : 'planning';
  }

  private async sampled(folder: string): Promise<number> {
    let sum = 0;
    for (const name of await filesIn(path.join(folder, 'candidates'))) {
      if (name.endsWith('.jsonl')) sum += (await this.lineCount(path.join(folder, 'candidates', name))) ?? 0;
    }
    return sum;
  }

  /** Whether a round's task is on this server, whatever port it had then; a CVAT elsewhere has tasks of the same numbers. */
  private isOurs(round: CatalogRound): round is CatalogRound & { taskId: number } {
    if (round.taskId === null || round.taskUrl === null) return false;
    return URL.canParse(round.taskUrl) && this.hosts.has(new URL(round.taskUrl).hostname);
  }

  private temporalUrl({ workflowId, runId }: CatalogRound): string | null {
    const { temporalUi } = this.folders;
    if (temporalUi === undefined) return null;
    return `${temporalUi}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${encodeURIComponent(runId)}`;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
