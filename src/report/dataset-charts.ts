import { horizontalBars } from './charts/bars.js';
import { heatMap, type Grid } from './charts/heat-map.js';
import { histogram } from './charts/histogram.js';
import type { Colour } from './charts/svg.js';
import { percent } from './html.js';
import type { ReportDataset } from './types.js';

const splits = ['train', 'val', 'test'] as const;
const splitSeries: { name: string; colour: Colour }[] = [
  { name: 'train', colour: 'blue' },
  { name: 'val', colour: 'orange' },
  { name: 'test', colour: 'purple' },
];

/** Longer lists of videos say nothing more. */
const MOST_VIDEOS = 15;

/** The pictures of what a dataset holds, by their file names. */
export function datasetCharts(dataset: ReportDataset): Record<string, string> {
  return {
    'class-histogram': classHistogram(dataset),
    'split-balance': splitBalance(dataset),
    'box-positions': boxPositions(dataset),
    'box-sizes': boxSizes(dataset),
    'boxes-per-frame': boxesPerFrame(dataset),
    videos: videoShares(dataset),
    'leak-check': leakChart(dataset),
  };
}

function usedSplits({ records, wanted }: ReportDataset) {
  return splitSeries.filter(
    ({ name }) => name !== 'test' || wanted.test > 0 || records.some(({ split }) => split === 'test'),
  );
}

function bySplit(dataset: ReportDataset, countOf: (record: ReportDataset['records'][number]) => number): number[] {
  return usedSplits(dataset).map(({ name }) =>
    dataset.records.filter(({ split }) => split === name).reduce((sum, record) => sum + countOf(record), 0),
  );
}

function classHistogram(dataset: ReportDataset): string {
  const rows = dataset.names.map((label) => ({
    label,
    values: bySplit(dataset, ({ boxes }) => boxes.filter((box) => box.label === label).length),
  }));
  return horizontalBars('Boxes of each class', rows, usedSplits(dataset));
}

function splitBalance(dataset: ReportDataset): string {
  const row = (label: string, values: number[]) => {
    const total = values.reduce((sum, value) => sum + value, 0);
    const shares = values.map((value) => (total === 0 ? 0 : value / total));
    return {
      label,
      values: shares,
      note: wholePercents(shares)
        .map((share) => `${share} %`)
        .join(' · '),
    };
  };
  const { val, test } = dataset.wanted;
  const wanted = [1 - val - test, val, test].slice(0, usedSplits(dataset).length);
  const rows = [
    row('wanted', wanted),
    row(
      'frames',
      bySplit(dataset, () => 1),
    ),
    ...dataset.names
      .map((label) => ({
        label,
        values: bySplit(dataset, ({ boxes }) => boxes.filter((box) => box.label === label).length),
      }))
      .filter(({ values }) => values.some((value) => value > 0))
      .map(({ label, values }) => row(`boxes: ${label}`, values)),
  ];
  return horizontalBars('How frames and boxes are shared out', rows, usedSplits(dataset), { asShares: true });
}

/** Shares as whole percents that add up to 100, by the largest remainders. */
function wholePercents(shares: readonly number[]): number[] {
  const percents = shares.map((share) => Math.floor(share * 100));
  const total = Math.round(shares.reduce((sum, share) => sum + share, 0) * 100);
  const missing = total - percents.reduce((sum, value) => sum + value, 0);
  const byRemainder = [...shares.keys()].sort((a, b) => ((shares[b]! * 100) % 1) - ((shares[a]! * 100) % 1) || a - b);
  for (const index of byRemainder.slice(0, missing)) percents[index]!++;
  return percents;
}

function boxPositions({ records }: ReportDataset): string {
  const grid: Grid & { counts: number[] } = { columns: 24, rows: 14, counts: Array<number>(24 * 14).fill(0) };
  for (const { boxes, width, height } of records) {
    for (const { x1, y1, x2, y2 } of boxes) {
      const column = Math.min(Math.floor(((x1 + x2) / 2 / width) * grid.columns), grid.columns - 1);
      const row = Math.min(Math.floor(((y1 + y2) / 2 / height) * grid.rows), grid.rows - 1);
      grid.counts[row * grid.columns + column]!++;
    }
  }
  const ticks = [0, 0.5, 1].map((at) => ({ at, label: String(at) }));
  return heatMap('Where the middles of boxes are', grid, {
    ...{ x: 'from left to right', y: 'from top to bottom', xTicks: ticks, yTicks: ticks },
  });
}

/** From 1/512 of the picture to all of it, in steps of half a power of two. */
function boxSizes({ records }: ReportDataset): string {
  const cells = 18;
  const counts = Array<number>(cells * cells).fill(0);
  const cell = (share: number) => Math.min(Math.max(Math.floor((Math.log2(share) + 9) * 2), 0), cells - 1);
  for (const { boxes, width, height } of records) {
    for (const { x1, y1, x2, y2 } of boxes) {
      const [column, row] = [cell((x2 - x1) / width), cells - 1 - cell((y2 - y1) / height)];
      counts[row * cells + column]!++;
    }
  }
  const ticks = [-8, -6, -4, -2, 0].map((power) => ({
    at: (power + 9) / 9,
    label: power === 0 ? '1' : `1/${2 ** -power}`,
  }));
  return heatMap(
    'How big boxes are',
    { columns: cells, rows: cells, counts },
    {
      ...{ x: 'width', y: 'height, as shares of the picture', xTicks: ticks, cell: 13 },
      yTicks: ticks.map(({ at, label }) => ({ at: 1 - at, label })),
    },
  );
}

function boxesPerFrame({ records }: ReportDataset): string {
  const most = Math.min(Math.max(...records.map(({ boxes }) => boxes.length), 0), 30);
  const columns = Array.from({ length: most + 1 }, (_, boxes) => ({
    label: boxes === 30 ? '30+' : String(boxes),
    count: records.filter((record) => Math.min(record.boxes.length, 30) === boxes).length,
  }));
  return histogram('Boxes per frame', columns, { axis: 'boxes in a frame' });
}

function videoShares(dataset: ReportDataset): string {
  const { records } = dataset;
  const videos = new Map<string, { label: string; values: number[] }>();
  for (const { videoKey, split, provenance } of records) {
    const row = videos.get(videoKey) ?? { label: provenance.title ?? videoKey, values: [0, 0, 0] };
    row.values[splits.indexOf(split)]!++;
    videos.set(videoKey, row);
  }
  const total = ({ values }: { values: number[] }) => values.reduce((sum, value) => sum + value, 0);
  const rows = [...videos.values()].sort((a, b) => total(b) - total(a) || (a.label < b.label ? -1 : 1));
  const rest = rows.slice(MOST_VIDEOS);
  const shown = rows
    .slice(0, MOST_VIDEOS)
    .map((row) => ({ ...row, note: `${total(row)} (${percent(total(row) / records.length)})` }));
  const others = {
    label: `${rest.length} more videos`,
    values: splits.map((_, i) => rest.reduce((sum, { values }) => sum + values[i]!, 0)),
  };
  return horizontalBars('Frames of each video', rest.length > 0 ? [...shown, others] : shown, usedSplits(dataset));
}

function leakChart({ leakCheck }: ReportDataset): string {
  const last = leakCheck.nearestBits.findLastIndex((frames) => frames > 0);
  const columns = leakCheck.nearestBits
    .slice(0, Math.max(last + 1, 20))
    .map((count, bits) => ({ label: String(bits), count }));
  return histogram('How far held-out frames are from training frames', columns, {
    ...{ axis: 'bits of 64 by which the nearest training frame differs', colour: 'orange' },
  });
}
