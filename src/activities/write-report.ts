import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/index.js';
import { systemErrorCode } from '../common/errors.js';
import { checkLeaks, datasetStats, readDataset } from '../dataset/index.js';
import {
  writeReport as write,
  type Funnel,
  type ReportInput,
  type ReportRound,
  type ReportVideo,
} from '../report/index.js';
import { readRounds, type ReviewedRound } from './experience.js';
import type { MergeRecord } from './grow-dataset.js';
import { withHeartbeat } from './heartbeat.js';
import { readPreLabels } from './pre-labels.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { CleanResult, ReportResult, RoundReference, RoundResult, VideoResult } from './types.js';

/** Writes the report of a round, and the one of the dataset over all rounds. */
export async function writeReport(resources: Resources, { round }: { round: RoundReference }): Promise<ReportResult> {
  return withHeartbeat(async (signal) => {
    const plan = await readRoundFile(round.folder);
    const catalog = await resources.catalog(plan.config.paths.data);
    const rounds = await readRounds(catalog);
    const overall = {
      ...(await collect(plan, catalog, rounds)),
      funnel: sumFunnels(await Promise.all(rounds.map(funnelOf))),
    };
    const upTo = rounds.slice(0, rounds.findIndex(({ roundId }) => roundId === round.roundId) + 1);
    const input: ReportInput = {
      ...(await collect(plan, catalog, upTo)),
      roundId: round.roundId,
      funnel: await funnelOf(upTo.at(-1) ?? { ...round, frames: [] }),
    };
    const file = roundFiles.report(round.folder);
    await write(file, input, signal);
    const dataset = path.join(plan.config.paths.dataset, 'report.html');
    if (overall.dataset) await write(dataset, overall, signal);
    return { file, ...(overall.dataset && { dataset }) };
  });
}

async function collect(plan: RoundFile, catalog: Catalog, rounds: readonly ReviewedRound[]): Promise<ReportInput> {
  const { paths, dataset: settings, detector } = plan.config;
  const dataset = await readDataset(paths.dataset);
  const videos: ReportVideo[] = [];
  for (const round of rounds) videos.push(...(await videosOf(round, catalog)));
  const known = [...(dataset?.yaml.names ?? []), ...(detector.classes ?? plan.model?.names ?? [])];
  const reportRounds = await Promise.all(rounds.map(toReportRound));
  // A model of 80 classes sees three of them: the others would fill the page with nothing.
  const occurring = new Set(
    reportRounds
      .flatMap(({ frames }) => frames.flatMap(({ detections, boxes }) => [...detections, ...boxes]))
      .map(({ label }) => label),
  );
  return {
    rounds: reportRounds,
    videos,
    labels: [...new Set([...known, ...[...occurring].sort()])].filter((label) => occurring.has(label)),
    ...(dataset && {
      dataset: {
        version: dataset.version,
        names: dataset.yaml.names,
        records: dataset.records,
        versions: (await datasetStats(paths.dataset)).versions,
        leakCheck: checkLeaks(dataset.records),
        wanted: settings.split,
      },
    }),
  };
}

async function toReportRound({ roundId, folder, startedAt, frames }: ReviewedRound): Promise<ReportRound> {
  const preLabels = await readPreLabels(
    folder,
    frames.map(({ selected }) => selected),
  );
  return {
    roundId,
    startedAt,
    modelSha256: frames[0]?.selected.modelSha256,
    frames: frames.map(({ selected, review }) => {
      const { blind = false, detections: shown = [] } = preLabels.get(selected.frameId) ?? {};
      const { state, boxes = [] } = review ?? {};
      return { ...selected, blind, shown: blind ? [] : shown, state, boxes };
    }),
  };
}

/** The videos whose frames a round sampled. */
async function videosOf({ roundId, folder }: ReviewedRound, catalog: Catalog): Promise<ReportVideo[]> {
  const parts = path.join(folder, 'candidates');
  const names = (await ifThere(readdir(parts))) ?? [];
  const videos: ReportVideo[] = [];
  for (const name of names.filter((each) => each.endsWith('.jsonl')).sort()) {
    const videoKey = path.basename(name, '.jsonl');
    const video = await catalog.video(videoKey);
    const lines = (await readFile(path.join(parts, name), 'utf8')).split('\n').length - 1;
    videos.push({
      ...{ videoKey, roundId, sampled: lines },
      title: video?.title ?? undefined,
      query: video?.query ?? undefined,
      durationSeconds: video?.durationSeconds ?? undefined,
    });
  }
  return videos;
}

/** What became of the frames of a round, from the files that its steps left. */
async function funnelOf(round: Pick<ReviewedRound, 'folder' | 'frames'>): Promise<Funnel> {
  const { frames } = round;
  const result = await readJson<RoundResult>(roundFiles.result(round.folder));
  const cleaned = await readJson<{
    kept: unknown[];
    dropped: { reason: CleanResult['dropped'][number]['reason'] }[];
    mended: { what: string }[];
  }>(roundFiles.cleaned(round.folder));
  const merged = await readJson<MergeRecord>(roundFiles.merged(round.folder));
  const labelled = frames.filter(({ review }) => review && review.state !== 'not_reviewed').length;
  const sampling = await rejectedInSampling(round.folder);
  const steps = [
    ...(result
      ? [
          { label: 'taken from videos', count: result.frames.sampled + sampling.blank + sampling.duplicate },
          { label: 'candidates', count: result.frames.sampled },
        ]
      : []),
    { label: 'sent to people', count: frames.length },
    { label: 'labelled', count: labelled },
    ...(cleaned ? [{ label: 'kept by cleaning', count: cleaned.kept.length }] : []),
    ...(merged ? [{ label: 'in the dataset', count: merged.frames }] : []),
  ];
  const leftOut = [
    { step: 'sampling', reason: 'blank picture', count: sampling.blank },
    { step: 'sampling', reason: 'near duplicate in its video', count: sampling.duplicate },
    ...(result?.frames.rejected ?? []).map((each) => ({ step: 'selection', ...each })),
    ...countReasons(
      'cleaning',
      (cleaned?.dropped ?? []).map(({ reason }) => reason.replaceAll('_', ' ')),
    ),
    ...countReasons(
      'mended in cleaning',
      (cleaned?.mended ?? []).map(({ what }) => what),
    ),
    ...countReasons(
      'merging',
      (merged?.refused ?? []).map(() => 'looks like a frame on another side of the split'),
    ),
    ...(result?.videos.failed ?? []).map(({ message }) => ({ step: 'video failed', reason: message, count: 1 })),
    ...(result?.videos.skipped ?? []).map(({ message }) => ({ step: 'video skipped', reason: message, count: 1 })),
  ];
  return { steps, leftOut: leftOut.filter(({ count }) => count > 0) };
}

/** What became of the frames of all rounds; steps and reasons in the order in which they come first. */
function sumFunnels(funnels: readonly Funnel[]): Funnel {
  const steps = new Map<string, Funnel['steps'][number]>();
  const leftOut = new Map<string, Funnel['leftOut'][number]>();
  for (const funnel of funnels) {
    for (const step of funnel.steps) {
      steps.set(step.label, { ...step, count: step.count + (steps.get(step.label)?.count ?? 0) });
    }
    for (const each of funnel.leftOut) {
      const key = JSON.stringify([each.step, each.reason]);
      leftOut.set(key, { ...each, count: each.count + (leftOut.get(key)?.count ?? 0) });
    }
  }
  return { steps: [...steps.values()], leftOut: [...leftOut.values()] };
}

/** Sums what the videos of a round left beside their candidates. */
async function rejectedInSampling(folder: string): Promise<NonNullable<VideoResult['rejected']>> {
  const parts = path.join(folder, 'candidates');
  const sum = { blank: 0, duplicate: 0 };
  for (const name of (await ifThere(readdir(parts))) ?? []) {
    if (!name.endsWith('.rejected.json')) continue;
    const rejected = await readJson<typeof sum>(path.join(parts, name));
    sum.blank += rejected?.blank ?? 0;
    sum.duplicate += rejected?.duplicate ?? 0;
  }
  return sum;
}

function countReasons(step: string, reasons: readonly string[]): Funnel['leftOut'] {
  return [...new Set(reasons)]
    .sort()
    .map((reason) => ({ step, reason, count: reasons.filter((each) => each === reason).length }));
}

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await ifThere(readFile(file, 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
