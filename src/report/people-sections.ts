import type { Interval } from '../evaluation/index.js';
import { horizontalBars } from './charts/bars.js';
import { intervalPlot } from './charts/intervals.js';
import { lineChart } from './charts/lines.js';
import { reliabilityDiagram } from './charts/reliability.js';
import type { Colour } from './charts/svg.js';
import { count, decimal, figure, note, section, sideBySide, signed, table, type Cell } from './html.js';
import { armNames, type Arm, type Measured } from './measure.js';

/** A part of the page, and the charts in it by their file names. */
export interface Part {
  html: string;
  charts: Record<string, string>;
}

const armColours: Record<Arm, Colour> = { control: 'blue', chosen: 'orange', explore: 'purple', all: 'blue' };
const kinds = [
  { name: 'kept', colour: 'blue' },
  { name: 'moved', colour: 'purple' },
  { name: 'relabelled', colour: 'orange' },
  { name: 'deleted', colour: 'red' },
  { name: 'added', colour: 'green' },
] as const;

/** What people had to do. */
export function costPart({ costs }: Measured): Part {
  const shown = costs.filter(({ cost }) => cost.frames > 0);
  if (shown.length === 0) return { html: '', charts: {} };
  const rows = shown.map(({ arm, cost }) => ({
    label: armNames[arm],
    values: kinds.map(({ name }) => cost.changes[name]),
    note: `${decimal(cost.editsPerFrame, 1)} edits a frame`,
  }));
  const chart = horizontalBars('What people did to the boxes', rows, kinds);
  const counts = table(
    ['frames', 'shown with boxes', ...kinds.map(({ name }) => name), 'edits per frame'],
    shown.map(({ arm, cost }) => [
      armNames[arm],
      count(cost.frames),
      ...kinds.map(({ name }) => count(cost.changes[name])),
      decimal(cost.editsPerFrame, 1),
    ]),
  );
  const lead =
    'Boxes of the model that people kept, moved, gave another class or deleted, and boxes that they had to add. Blind frames are not counted: there was nothing to change.';
  return { html: section('What it cost people', lead, figure(chart, ''), counts), charts: { cost: chart } };
}

/** How good the model is, by what people left. */
export function agreementPart({ agreement, anchoring }: Measured, labels: readonly string[]): Part {
  // Where neither model nor people saw anything there is nothing to agree on.
  const compared = agreement.filter(({ measured }) => measured.objects + measured.detections > 0);
  if (compared.length === 0) return { html: '', charts: {} };
  const series = compared.map(({ arm }) => ({ name: armNames[arm], colour: armColours[arm] }));
  const measures = [
    ['precision', 'precision'],
    ['recall', 'recall'],
    ['F1', 'f1'],
    ['mAP50', 'averagePrecision'],
  ] as const;
  const chart = intervalPlot(
    'Agreement of model and people',
    measures.map(([label, key]) => ({
      label,
      points: compared.map(({ measured }) => ({ value: measured[key], interval: measured.intervals[key] })),
    })),
    series,
  );
  const perClass = compared.map(({ arm, measured }) => {
    const rows = measured.classes
      .filter(({ objects, detections }) => objects + detections > 0)
      .map(({ label, objects, detections, precision, recall, f1, averagePrecision, intervals }): Cell[] => [
        ...[label, count(objects), count(detections)],
        ...[withInterval(precision, intervals.precision), withInterval(recall, intervals.recall)],
        ...[f1, averagePrecision].map((value) => decimal(value)),
      ]);
    const heading = `<h3>${armNames[arm]}: ${count(measured.frames)} frames</h3>`;
    const headings = ['class', 'objects', 'model’s boxes', 'precision', 'recall', 'F1', 'AP50'];
    return `<div>${heading}${table(headings, rows)}</div>`;
  });
  const fair = compared.some(({ arm }) => arm === 'control' || arm === 'all');
  const lead = fair
    ? 'People’s boxes are the truth; a box of the model is right if it overlaps one of the same class by half (IoU 0.5). Only control frames were drawn at random: they say how good the model is. Chosen frames were picked for what the model said of them, and their numbers hold for such frames alone. Bars and small numbers are 95 % intervals.'
    : 'There are no control frames: every number here is of frames that were chosen for being hard. Set selection.control to measure the model.';
  return {
    html: section(
      'Do model and people agree?',
      lead,
      figure(chart, ''),
      sideBySide(...perClass),
      anchoringHtml(anchoring, labels),
    ),
    charts: { agreement: chart },
  };
}

function anchoringHtml(anchoring: Measured['anchoring'], labels: readonly string[]): string {
  if (!anchoring) return '';
  const { blind, shown, difference } = anchoring;
  const row = (name: string, { frames, precision, recall, f1, averagePrecision, intervals }: typeof blind) => [
    ...[name, count(frames), decimal(precision), decimal(recall)],
    `${decimal(f1)} (${decimal(intervals.f1.low)} to ${decimal(intervals.f1.high)})`,
    decimal(averagePrecision),
  ];
  const rows = [row('without the model’s boxes', blind), row('with them', shown)];
  const gap = shown.f1 - blind.f1;
  const interval = `${signedOrDash(difference.low)} to ${signedOrDash(difference.high)}`;
  const meaning = Number.isNaN(gap)
    ? 'One of the two kinds has nothing to compare by yet.'
    : `F1 with boxes in sight differs by ${signed(gap)} (95 %: ${interval}). Clearly above 0 means that people accept what is suggested to them: believe the blind frames then.`;
  return (
    '<h3>Are people swayed by the model’s boxes?</h3>' +
    table(['random frames seen', 'frames', 'precision', 'recall', 'F1', labels.length > 1 ? 'mAP50' : 'AP50'], rows) +
    note(meaning)
  );
}

const signedOrDash = (value: number) => (Number.isNaN(value) ? '–' : signed(value));

function withInterval(value: number, { low, high }: Interval): Cell {
  return Number.isNaN(value) ? decimal(value) : { text: decimal(value), detail: `${decimal(low)}–${decimal(high)}` };
}

/** Whether confidences can be believed, and from which on boxes should be shown. */
export function calibrationPart({ calibration }: Measured): Part {
  if (calibration.length === 0) return { html: '', charts: {} };
  const charts: Part['charts'] = {};
  const parts = calibration.map(({ arm, measured, thresholds }) => {
    const chart = reliabilityDiagram(`Confidence and truth, ${armNames[arm]} frames`, measured);
    charts[`calibration-${arm}`] = chart;
    const rows = thresholds.map(({ label, confidence, edits, editsNow }) => [
      label,
      confidence === 1 ? '– (show none)' : decimal(confidence),
      count(edits),
      count(editsNow),
    ]);
    const caption = `Expected calibration error ${decimal(measured.error)}. The fuller the colour, the more boxes; lines are 95 % intervals.`;
    const headings = ['class', 'suggested threshold', 'boxes to delete or add', 'with all boxes'];
    return `<div><h3>${armNames[arm]}</h3>${figure(chart, caption)}${table(headings, rows)}</div>`;
  });
  const lead =
    'A bar below the dashed line: the model is surer than it is right. The suggested threshold of a class is where people would have had the fewest boxes to delete and add; below detector.confidence nothing is known.';
  const advice = note(
    'Set thresholds with cvat.thresholds; from few frames they are a guess. Control frames tell what holds for the footage, chosen frames what people mostly get to see.',
  );
  return { html: section('Can the confidence be believed?', lead, sideBySide(...parts), advice), charts };
}

/** What became of model and people over the rounds. */
export function trendPart({ trend, lastChange }: Measured): Part {
  if (trend.length === 0) return { html: '', charts: {} };
  const rounds = trend.map(({ startedAt }) => startedAt.slice(0, 10));
  const numbered = rounds.map((date, index) => `${index + 1} · ${date.slice(5)}`);
  const quality = lineChart(
    'Agreement on fair frames, round by round',
    numbered,
    (
      [
        ['F1', 'f1', 'blue'],
        ['mAP50', 'averagePrecision', 'orange'],
      ] as const
    ).map(([name, key, colour]) => ({
      name,
      colour,
      points: trend.map(({ fair }) => ({ value: fair[key], interval: fair.intervals[key] })),
    })),
    { most: 1 },
  );
  const none = { low: NaN, high: NaN };
  const effort = lineChart(
    'Edits per frame, round by round',
    numbered,
    [
      {
        name: 'edits per frame',
        colour: 'green',
        points: trend.map(({ cost }) => ({ value: cost.editsPerFrame, interval: none })),
      },
    ],
    { format: (value) => value.toFixed(1) },
  );
  const lead =
    'Read from control frames only (or from every frame, where nothing was chosen); bars are 95 % intervals.';
  const html = section(
    'Does it get better?',
    lead,
    sideBySide(
      figure(quality, 'Agreement of model and people on fair frames'),
      figure(effort, 'What people had to do'),
    ),
    note(verdict(lastChange)),
  );
  return { html, charts: { 'trend-agreement': quality, 'trend-effort': effort } };
}

/** What the last round changed, and what to make of it. */
function verdict(change: Measured['lastChange']): string {
  if (!change || Number.isNaN(change.interval.low))
    return 'A trend needs two rounds with at least two fair frames each.';
  const { value, interval } = change;
  const numbers = `F1 changed by ${signed(value)} since the round before (95 %: ${signed(interval.low)} to ${signed(interval.high)})`;
  if (interval.low > 0) return `${numbers}: the model got better.`;
  if (interval.high < 0) return `${numbers}: it got worse, on this footage at least.`;
  return `${numbers}: no clear change. More control frames would narrow this; if it stays so, other footage may teach more than more of this.`;
}

/** What each search brought. */
export function yieldPart({ yields }: Measured): Part {
  if (yields.length === 0) return { html: '', charts: {} };
  const rows = yields.map(({ source, videos, minutes, sampled, sent, boxes, edits }) => [
    ...[source, count(videos), decimal(minutes, 1), count(sampled), count(sent), count(boxes), count(edits)],
    decimal(minutes > 0 ? edits / minutes : NaN, 1),
  ]);
  const headings = ['source', 'videos', 'minutes', 'frames sampled', 'labelled', 'boxes', 'edits', 'edits per minute'];
  const lead = 'Where footage came from, and how much the model was wrong about it: edits are what it can learn from.';
  return { html: section('Which searches are worth their time?', lead, table(headings, rows)), charts: {} };
}
