import type { WireDataset } from '../../wire.js';
import { get } from '../api/http.js';
import { Columns } from '../charts/columns.js';
import { changeSeries, splitSeries } from '../charts/palette.js';
import { Rows } from '../charts/rows.js';
import { useLoaded } from '../ui/load.js';
import { Notice } from '../ui/notice.js';
import { ContactSheet } from './contact-sheet.js';
import { growth, reviewChanges, roundName } from './series.js';

const refreshMs = 5000;

/** What has been annotated so far, as one would show it to a colleague. */
export function DatasetPage({ folderId }: { folderId: string }) {
  const { value, error } = useLoaded('dataset', () => get<WireDataset>('/api/frameloop/dataset'), refreshMs);
  if (value === undefined) {
    return error === undefined ? <p class="quiet">Reading the dataset …</p> : <Notice kind="bad">{error}</Notice>;
  }
  if (value.version === null) {
    return (
      <>
        <header class="page-header">
          <h1>Dataset</h1>
        </header>
        <div class="card empty">
          <h2>No frames yet</h2>
          <p>When you have finished all jobs of a task, its frames come here.</p>
        </div>
      </>
    );
  }
  return (
    <>
      <header class="page-header">
        <h1>Dataset</h1>
        <span class="quiet">
          version <code>{value.version}</code>
        </span>
      </header>
      {error !== undefined && <Notice kind="bad">The dataset cannot be read: {error}</Notice>}
      <Totals dataset={value} />
      <div class="charts">
        <Columns
          title="Growth"
          note="Frames in the dataset after each round"
          unit="Round"
          series={splitSeries}
          categories={growth(value.rounds)}
        />
        <Columns
          title="What the reviewers changed"
          note={agreement(value)}
          unit="Round"
          series={changeSeries}
          categories={reviewChanges(value.rounds)}
        />
        <Rows
          title="Classes"
          note="Boxes of each class"
          unit="Class"
          series={splitSeries}
          categories={value.classes.map(({ label, bySplit }) => ({
            name: label,
            values: splitSeries.map(({ key }) => bySplit[key]),
          }))}
        />
        <Rows
          title="Split"
          note="A video is on one side as a whole"
          unit="Side"
          series={[{ name: 'frames', color: 'var(--blue)' }]}
          categories={splitSeries.map(({ key, name }) => ({
            name,
            title: `${name}: ${value.bySplit[key].videos} videos, ${value.bySplit[key].boxes} boxes`,
            values: [value.bySplit[key].frames],
          }))}
        />
      </div>
      <ContactSheet
        version={value.version}
        folderId={folderId}
        labels={value.classes.map(({ label }) => label)}
        roundName={roundName}
      />
    </>
  );
}

function Totals({ dataset: { frames, boxes, videos, classes, rounds } }: { dataset: WireDataset }) {
  const totals: [string, number][] = [
    ['frames', frames],
    ['boxes', boxes],
    ['videos', videos],
    ['classes', classes.length],
    ['rounds', rounds.length],
  ];
  return (
    <dl class="totals">
      {totals.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value.toLocaleString('en')}</dd>
        </div>
      ))}
      <div>
        <dt>boxes per frame</dt>
        <dd>{(boxes / Math.max(frames, 1)).toFixed(1)}</dd>
      </div>
    </dl>
  );
}

/** How often the reviewers agreed with the model in the last round: the figure that should grow. */
function agreement({ rounds }: WireDataset): string | undefined {
  const last = rounds.at(-1)?.changes;
  if (last === undefined) return undefined;
  const model = last.kept + last.moved + last.relabelled + last.deleted;
  if (model === 0) return 'The model had found nothing in the last round';
  return `In the last round ${Math.round((100 * last.kept) / model)}% of the model’s boxes were kept as they were`;
}
