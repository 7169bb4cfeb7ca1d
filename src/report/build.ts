import { horizontalBars } from './charts/bars.js';
import { colour } from './charts/svg.js';
import { decisionColours, type Thumbnail } from './contact-sheet.js';
import { datasetCharts } from './dataset-charts.js';
import { count, decimal, figure, note, page, percent, section, sideBySide, table, tiles, type Tile } from './html.js';
import { escape } from './charts/svg.js';
import { decisionsOn, measure, armNames, type Measured } from './measure.js';
import { agreementPart, calibrationPart, costPart, trendPart, yieldPart, type Part } from './people-sections.js';
import type { ReportDataset, ReportFrame, ReportInput } from './types.js';

/** Frames that a page shows of each kind; the rest is in `selection.jsonl`. */
const SHOTS = { control: 8, chosen: 16, explore: 8, all: 24 };
const ARGUABLE_SHOTS = 12;

/** Which frames the page shows: samples of each kind, and those that model and people disagree about most. */
export interface Shots {
  byArm: { arm: ReportFrame['arm']; frames: ReportFrame[]; total: number }[];
  /** Most first. */
  arguable: ReportFrame[];
}

export function pickShots({ roundId, rounds }: ReportInput): Shots {
  const frames = rounds
    .filter((round) => roundId === undefined || round.roundId === roundId)
    .flatMap((round) => round.frames);
  const byArm = (['chosen', 'explore', 'control', 'all'] as const).map((arm) => {
    const mine = frames.filter((frame) => frame.arm === arm).sort((a, b) => b.score - a.score);
    return { arm, frames: mine.slice(0, SHOTS[arm]), total: mine.length };
  });
  const arguable = frames
    .map((frame) => ({ frame, dispute: disputeOf(frame) }))
    .filter(({ dispute }) => dispute > 0)
    .sort((a, b) => b.dispute - a.dispute)
    .slice(0, ARGUABLE_SHOTS)
    .map(({ frame }) => frame);
  return { byArm: byArm.filter(({ total }) => total > 0), arguable };
}

/**
 * How much a frame deserves a second look: boxes that people deleted although the model was sure of them, each by its
 * confidence, and objects that people added, half each. The first is the sign of a slip that ObjectLab (Tkachenko et al.,
 * 2023) looks for.
 */
function disputeOf(frame: ReportFrame): number {
  if (frame.state !== 'reviewed' && frame.state !== 'empty') return 0;
  return decisionsOn(frame).reduce((sum, { kind, preLabel }) => {
    if (kind === 'added') return sum + 0.5;
    return kind === 'deleted' || kind === 'relabelled' ? sum + (confidenceOf(frame, preLabel) ?? 0.5) : sum;
  }, 0);
}

/** "3 deleted (the surest 0.93), 1 relabelled, 2 added": what people did against the model. */
function describeDispute(frame: ReportFrame): string {
  const decisions = decisionsOn(frame);
  const parts = (['deleted', 'relabelled', 'added'] as const).map((kind) => {
    const mine = decisions.filter((each) => each.kind === kind);
    const surest = Math.max(...mine.map(({ preLabel }) => confidenceOf(frame, preLabel) ?? 0));
    return mine.length === 0 ? '' : `${mine.length} ${kind}${surest > 0 ? ` (the surest ${decimal(surest)})` : ''}`;
  });
  return parts.filter((part) => part !== '').join(', ');
}

/** How sure the model was of a box that people were shown; undefined where that is not known. */
function confidenceOf({ shown }: ReportFrame, preLabel: number | undefined): number | undefined {
  const box = preLabel === undefined ? undefined : shown[preLabel];
  return box && 'confidence' in box ? Number(box.confidence) : undefined;
}

/** The page, and its charts by their file names. Pure. */
export function buildReport(
  input: ReportInput,
  shots: Shots,
  thumbnails: ReadonlyMap<string, Thumbnail>,
): { html: string; charts: Record<string, string> } {
  const measured = measure(input);
  const { dataset, labels } = input;
  const parts: Part[] = [
    funnelPart(input),
    { html: sheets(shots, thumbnails), charts: {} },
    costPart(measured),
    agreementPart(measured, labels),
    calibrationPart(measured),
    trendPart(measured),
    { html: arguableSheet(shots, thumbnails), charts: {} },
    yieldPart(measured),
    dataset && dataset.records.length > 0 ? datasetPart(dataset) : { html: '', charts: {} },
  ];
  const title = input.roundId === undefined ? 'Dataset report' : `Round ${input.roundId}`;
  const content = [tiles(headline(input, measured)), ...parts.map(({ html }) => html).filter((html) => html !== '')];
  return {
    html: page(title, metaLine(input), content),
    charts: Object.assign({}, ...parts.map(({ charts }) => charts)) as Record<string, string>,
  };
}

function metaLine({ roundId, rounds, dataset }: ReportInput): string {
  const last = rounds.at(-1);
  const parts = [
    roundId === undefined
      ? `${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds'}`
      : `started ${last?.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    last?.modelSha256 && `model ${last.modelSha256.slice(0, 12)}`,
    dataset && `dataset version ${dataset.version}`,
  ];
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}

function headline({ roundId, rounds, dataset }: ReportInput, { agreement, costs, trend }: Measured): Tile[] {
  const subject = rounds.filter((round) => roundId === undefined || round.roundId === roundId);
  const frames = subject.flatMap((round) => round.frames);
  const labelled = frames.filter(({ state }) => state === 'reviewed' || state === 'empty');
  const fair = agreement.find(({ arm }) => arm === 'control') ?? agreement.find(({ arm }) => arm === 'all');
  const edits = trend.at(-1)?.cost.editsPerFrame;
  const result: Tile[] = [
    {
      value: count(labelled.length),
      label: 'frames labelled',
      detail: `of ${count(frames.length)} sent; ${count(labelled.filter(({ state }) => state === 'empty').length)} left empty`,
    },
    {
      value: count(labelled.reduce((sum, { boxes }) => sum + boxes.length, 0)),
      label: 'boxes',
      detail: `${count(costs.reduce((sum, { cost }) => sum + cost.changes.kept, 0))} as the model drew them`,
    },
  ];
  if (fair) {
    const { f1, intervals, frames: measuredOn } = fair.measured;
    result.push({
      value: decimal(f1),
      label: `F1 on ${fair.arm === 'control' ? 'control' : 'all'} frames`,
      detail: `95 %: ${decimal(intervals.f1.low)} to ${decimal(intervals.f1.high)}, ${measuredOn} frames`,
    });
  }
  if (edits !== undefined && !Number.isNaN(edits)) {
    result.push({
      value: decimal(edits, 1),
      label: 'edits per frame',
      detail: roundId === undefined ? 'last round' : undefined,
    });
  }
  if (dataset) {
    result.push({
      value: count(dataset.records.length),
      label: 'frames in the dataset',
      detail: `version ${dataset.version}`,
    });
  }
  return result;
}

function funnelPart({ funnel }: ReportInput): Part {
  if (!funnel) return { html: '', charts: {} };
  const rows = funnel.steps.map(({ label, count: value }) => ({ label, values: [value] }));
  const chart = horizontalBars('From footage to dataset', rows, [{ name: 'frames', colour: 'blue' }]);
  const reasons = funnel.leftOut.map(({ step, reason, count: value }) => [step, count(value), reason]);
  const html = section(
    'From footage to dataset',
    'How many frames each step left, and why the others went.',
    sideBySide(figure(chart, ''), reasons.length > 0 ? table(['left out', 'how many', 'why'], reasons) : ''),
  );
  return { html, charts: { funnel: chart } };
}

function sheets({ byArm }: Shots, thumbnails: ReadonlyMap<string, Thumbnail>): string {
  const shown = byArm.filter(({ frames }) => frames.some(({ frameId }) => thumbnails.has(frameId)));
  if (shown.length === 0) return '';
  const parts = shown.map(({ arm, frames, total }) => {
    const cards = frames
      .flatMap((frame) => thumbnails.get(frame.frameId) ?? [])
      .map((thumbnail) => shotHtml(thumbnail, thumbnail.frame.reason));
    const more = total > cards.length ? `, ${cards.length} of ${total}` : '';
    return `<h3>${armNames[arm]}${more}</h3><div class="sheet">${cards.join('')}</div>`;
  });
  return section(
    'What was chosen, and why',
    'Highest score first; the boxes are what people made of the model’s.',
    keys(),
    ...parts,
  );
}

function arguableSheet({ arguable }: Shots, thumbnails: ReadonlyMap<string, Thumbnail>): string {
  const cards = arguable
    .flatMap(({ frameId }) => thumbnails.get(frameId) ?? [])
    .map((thumbnail) => shotHtml(thumbnail, describeDispute(thumbnail.frame)));
  if (cards.length === 0) return '';
  const lead =
    'Frames in which people deleted or renamed boxes that the model was sure of, or added many. Mostly the model is wrong here; where people are, look again.';
  return section('Worth a second look', lead, keys(), `<div class="sheet">${cards.join('')}</div>`);
}

function keys(): string {
  const each = Object.entries(decisionColours).map(
    ([name, tint]) =>
      `<span><i style="border-color:${colour(tint)}${name === 'deleted' ? ';border-style:dashed' : ''}"></i>${name}</span>`,
  );
  return `<div class="keys">${each.join('')}</div>`;
}

function shotHtml({ frame, jpeg, width, height, overlay }: Thumbnail, why: string): string {
  const facts = [
    `score ${decimal(frame.score)}`,
    `at ${decimal(frame.ptsSeconds, 1)} s`,
    ...(frame.blind ? ['blind'] : []),
  ];
  if (frame.state === 'empty') facts.push('left empty');
  if (frame.state === 'not_reviewed' || frame.state === undefined) facts.push('not reviewed');
  const picture = `<image href="data:image/jpeg;base64,${jpeg.toString('base64')}" width="${width}" height="${height}"/>`;
  return (
    `<div class="shot"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(frame.frameId)}">${picture}${overlay}</svg>` +
    `<div>${escape(why)}<div class="detail">${escape(facts.join(' · '))}</div></div></div>`
  );
}

function datasetPart(dataset: ReportDataset): Part {
  const charts = datasetCharts(dataset);
  const { leaks } = dataset.leakCheck;
  const heldOut = dataset.records.filter(({ split }) => split !== 'train').length;
  const verdict =
    leaks.length === 0
      ? `No picture lies on two sides: none of the ${count(heldOut)} held-out frames looks like a training frame (fewer than 4 of 64 bits apart).`
      : `${count(leaks.length)} pictures lie on two sides, such as ${leaks[0]!.frameId} and ${leaks[0]!.other}.`;
  const negatives = dataset.records.filter(({ boxes }) => boxes.length === 0).length;
  const html = section(
    'The dataset',
    `${count(dataset.records.length)} frames, of which ${count(negatives)} show nothing (${percent(negatives / dataset.records.length)}).`,
    sideBySide(
      figure(charts['class-histogram']!, 'Boxes of each class'),
      figure(charts.videos!, 'Frames of each video'),
      figure(charts['box-positions']!, 'Where the middles of boxes are'),
      figure(charts['box-sizes']!, 'How big boxes are'),
      figure(charts['boxes-per-frame']!, 'Boxes per frame'),
    ),
    '<h3>Split</h3>',
    sideBySide(
      figure(
        charts['split-balance']!,
        'Videos are on one side as a whole, so the shares are met as well as that allows.',
      ),
      heldOut > 0 ? figure(charts['leak-check']!, 'Distance of held-out frames from training frames') : '',
    ),
    note(verdict),
  );
  return { html, charts };
}
