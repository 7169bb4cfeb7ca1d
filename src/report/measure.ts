import type { ReviewChange } from '../dataset/index.js';
import { decisionsOf } from '../dataset/index.js';
import {
  bootstrapInterval,
  measureAgreement,
  measureCalibration,
  suggestThresholds,
  type Calibration,
  type EvaluatedFrame,
  type Interval,
  type MeasuredAgreement,
  type SuggestedThreshold,
} from '../evaluation/index.js';
import type { ReportFrame, ReportInput, ReportRound } from './types.js';

/** Kinds of frames that are measured apart: how they were picked decides what they say. */
export type Arm = ReportFrame['arm'];
export const armNames: Record<Arm, string> = {
  control: 'control (random)',
  chosen: 'chosen',
  explore: 'explore',
  all: 'every frame',
};

/** What people had to do on frames where they saw the model's boxes. */
export interface Cost {
  frames: number;
  changes: ReviewChange;
  /** Boxes moved, relabelled, deleted or added, per frame; NaN without frames. */
  editsPerFrame: number;
}

export interface TrendPoint {
  roundId: string;
  startedAt: string;
  /** On frames that are a fair sample: control frames, or every frame where nothing was chosen. */
  fair: MeasuredAgreement;
  cost: Cost;
}

/** Work that a search query, a folder or an address brought, and what it was good for. */
export interface Yield {
  source: string;
  videos: number;
  /** NaN where the duration of a video is not known. */
  minutes: number;
  sampled: number;
  sent: number;
  boxes: number;
  edits: number;
}

export interface Measured {
  agreement: { arm: Arm; measured: MeasuredAgreement }[];
  /** Of control frames, without and with the model's boxes in sight; absent where one of them is missing. */
  anchoring?: { blind: MeasuredAgreement; shown: MeasuredAgreement; difference: Interval };
  /** Of the kinds of frames in which the model said something. */
  calibration: { arm: Arm; measured: Calibration; thresholds: SuggestedThreshold[] }[];
  costs: { arm: Arm; cost: Cost }[];
  trend: TrendPoint[];
  /** Change of F1 on fair frames from the round before to the last one. */
  lastChange?: { value: number; interval: Interval };
  yields: Yield[];
}

const isReviewed = ({ state }: ReportFrame) => state === 'reviewed' || state === 'empty';
const toEvaluated = ({ detections, boxes }: ReportFrame): EvaluatedFrame => ({ detections, truth: boxes });

/** The numbers of a report. Pure. */
export function measure({ roundId, rounds, videos, labels }: ReportInput): Measured {
  const subject = roundId === undefined ? rounds : rounds.filter((round) => round.roundId === roundId);
  const reviewed = subject.flatMap(({ frames }) => frames).filter(isReviewed);
  const arms = (['control', 'chosen', 'explore', 'all'] as const).filter((arm) =>
    reviewed.some((frame) => frame.arm === arm),
  );
  const of = (arm: Arm) => reviewed.filter((frame) => frame.arm === arm);
  const withLabels = rounds.filter(({ frames }) => frames.some(isReviewed));
  return {
    agreement: arms.map((arm) => ({ arm, measured: measureAgreement(of(arm).map(toEvaluated), labels) })),
    anchoring: measureAnchoring(fairFrames(reviewed), labels),
    calibration: arms
      .map((arm) => {
        const frames = of(arm).map(toEvaluated);
        return { arm, measured: measureCalibration(frames, labels), thresholds: suggestThresholds(frames, labels) };
      })
      .filter(({ measured }) => !Number.isNaN(measured.error)),
    costs: arms.map((arm) => ({ arm, cost: costOf(of(arm)) })),
    trend: withLabels.map((round) => trendPoint(round, labels)),
    lastChange: lastChange(withLabels, labels),
    yields: yieldsOf(subject, videos),
  };
}

/** What each person's decision was, box by box; nothing for frames that people saw without boxes. */
export function decisionsOn({ blind, shown, boxes }: ReportFrame) {
  return blind ? [] : decisionsOf(shown, boxes);
}

/** Frames that were not chosen for what the model said about them. */
function fairFrames(frames: readonly ReportFrame[]): ReportFrame[] {
  return frames.filter(({ arm }) => arm === 'control' || arm === 'all');
}

function costOf(frames: readonly ReportFrame[]): Cost {
  const changes: ReviewChange = { kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 };
  const shown = frames.filter(({ blind }) => !blind);
  for (const frame of shown) for (const { kind } of decisionsOn(frame)) changes[kind]++;
  const { kept: _kept, ...edits } = changes;
  const count = Object.values(edits).reduce((sum, value) => sum + value, 0);
  return { frames: shown.length, changes, editsPerFrame: count / shown.length };
}

/**
 * How much the model's boxes sway people: where they see them, they agree with the model more often than where they do
 * not. Both groups are random frames, so what differs is the sight of the boxes.
 */
function measureAnchoring(frames: readonly ReportFrame[], labels: readonly string[]): Measured['anchoring'] {
  const blind = frames.filter((frame) => frame.blind).map(toEvaluated);
  const shown = frames.filter((frame) => !frame.blind).map(toEvaluated);
  if (blind.length === 0 || shown.length === 0) return undefined;
  return {
    blind: measureAgreement(blind, labels),
    shown: measureAgreement(shown, labels),
    difference: differenceInterval(blind, shown, labels),
  };
}

function lastChange(rounds: readonly ReportRound[], labels: readonly string[]): Measured['lastChange'] {
  const fair = rounds
    .map(({ frames }) => fairFrames(frames.filter(isReviewed)).map(toEvaluated))
    .filter((frames) => frames.length > 0);
  const [before, after] = fair.slice(-2);
  if (!before || !after) return undefined;
  const value = measureAgreement(after, labels).f1 - measureAgreement(before, labels).f1;
  return { value, interval: differenceInterval(before, after, labels) };
}

/** Of F1 in `after` minus F1 in `before`: both are drawn anew, each from its own frames. */
function differenceInterval(
  before: readonly EvaluatedFrame[],
  after: readonly EvaluatedFrame[],
  labels: readonly string[],
): Interval {
  if (before.length < 2 || after.length < 2) return { low: NaN, high: NaN };
  const tagged = [
    ...before.map((frame) => ({ side: 0, counts: countsOf(frame, labels) })),
    ...after.map((frame) => ({ side: 1, counts: countsOf(frame, labels) })),
  ];
  return bootstrapInterval(tagged, (drawn) => f1Of(drawn, 1) - f1Of(drawn, 0));
}

interface Tagged {
  side: number;
  counts: { hits: number; total: number };
}

function countsOf(frame: EvaluatedFrame, labels: readonly string[]): Tagged['counts'] {
  const { hits, objects, detections } = measureAgreement([frame], labels);
  return { hits, total: objects + detections };
}

function f1Of(drawn: readonly Tagged[], side: number): number {
  const counts = drawn.filter((each) => each.side === side).map((each) => each.counts);
  return (2 * counts.reduce((sum, { hits }) => sum + hits, 0)) / counts.reduce((sum, { total }) => sum + total, 0);
}

function trendPoint({ roundId, startedAt, frames }: ReportRound, labels: readonly string[]): TrendPoint {
  const reviewed = frames.filter(isReviewed);
  const fair = measureAgreement(fairFrames(reviewed).map(toEvaluated), labels);
  return { roundId, startedAt, fair, cost: costOf(reviewed) };
}

function yieldsOf(rounds: readonly ReportRound[], videos: ReportInput['videos']): Yield[] {
  const ids = new Set(rounds.map(({ roundId }) => roundId));
  const frames = rounds.flatMap((round) => round.frames).filter(isReviewed);
  const sources = new Map<string, Yield>();
  for (const { videoKey, query, durationSeconds = NaN, sampled, roundId } of videos) {
    if (!ids.has(roundId)) continue;
    const source = query ?? 'files and addresses';
    const mine = frames.filter((frame) => frame.videoKey === videoKey);
    const { changes } = costOf(mine);
    const sum = sources.get(source) ?? { source, videos: 0, minutes: 0, sampled: 0, sent: 0, boxes: 0, edits: 0 };
    sources.set(source, {
      source,
      videos: sum.videos + 1,
      minutes: sum.minutes + durationSeconds / 60,
      sampled: sum.sampled + sampled,
      sent: sum.sent + mine.length,
      boxes: sum.boxes + mine.reduce((total, { boxes }) => total + boxes.length, 0),
      edits: sum.edits + changes.moved + changes.relabelled + changes.deleted + changes.added,
    });
  }
  return [...sources.values()].sort((a, b) => b.edits - a.edits || (a.source < b.source ? -1 : 1));
}
