import type { WireRound, WireRounds, WireStage } from '../../wire.js';
import { get } from '../api/http.js';
import { Icon } from '../ui/icons.js';
import { useLoaded } from '../ui/load.js';
import { Notice } from '../ui/notice.js';
import { ago, dateTime, duration } from '../ui/time.js';

const refreshMs = 2000;

/** Every round with how far it is; brings itself up to date. */
export function RoundsPage() {
  const { value, error } = useLoaded('rounds', () => get<WireRounds>('/api/frameloop/rounds'), refreshMs);
  const rounds = value?.rounds;
  const open = rounds?.filter(({ endedAt }) => endedAt === null).length ?? 0;
  return (
    <>
      <header class="page-header">
        <h1>Rounds</h1>
        {rounds !== undefined && (
          <span class="quiet">
            {rounds.length} in all, {open} open
          </span>
        )}
      </header>
      {error !== undefined && <Notice kind="bad">The rounds cannot be read: {error}</Notice>}
      {rounds?.length === 0 && (
        <div class="card empty">
          <h2>No round yet</h2>
          <p>A round takes videos, chooses frames and waits for you. Start one with:</p>
          <pre>frameloop start</pre>
        </div>
      )}
      {rounds?.map((round) => (
        <RoundCard key={round.id} round={round} />
      ))}
    </>
  );
}

/** The way of a round. */
const way: { stage: WireStage; name: string }[] = [
  { stage: 'planning', name: 'Plan' },
  { stage: 'processing', name: 'Videos' },
  { stage: 'selecting', name: 'Select' },
  { stage: 'uploading', name: 'Upload' },
  { stage: 'waiting', name: 'Review' },
  { stage: 'merging', name: 'Dataset' },
];

const ends: Partial<Record<WireStage, string>> = {
  uploaded: 'uploaded',
  finished: 'finished',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled',
};

function RoundCard({ round }: { round: WireRound }) {
  const { stage, startedAt, endedAt, task } = round;
  const end = ends[stage];
  const took =
    startedAt !== null && endedAt !== null ? duration(Date.parse(endedAt) - Date.parse(startedAt)) : undefined;
  return (
    <section class="card round" aria-labelledby={`round-${round.id}`}>
      <header>
        <h2 id={`round-${round.id}`} class="ellipsis">
          {round.id}
        </h2>
        <span
          class={`badge ${end === undefined ? 'active' : end === 'finished' ? 'good' : end === 'failed' ? 'bad' : ''}`}
        >
          {end ?? (stage === 'waiting' ? 'waits for you' : 'running')}
        </span>
        <span class="quiet">
          {startedAt !== null && (
            <time dateTime={startedAt} title={dateTime(startedAt)}>{`began ${ago(startedAt)}`}</time>
          )}
          {took !== undefined && `, took ${took}`}
        </span>
        <span class="links">
          {stage === 'waiting' && task?.onThisServer && <a href={`/tasks/${task.id}`}>Review task {task.id}</a>}
          {round.temporalUrl !== null && (
            <a href={round.temporalUrl} target="_blank" rel="noreferrer">
              Temporal <Icon name="link" />
            </a>
          )}
        </span>
      </header>
      {end === undefined && <Way round={round} />}
      {round.message !== null && <p>{round.message}</p>}
      <Counts round={round} />
    </section>
  );
}

function Way({ round }: { round: WireRound }) {
  const at = way.findIndex(({ stage }) => stage === round.stage);
  return (
    <ol class="way" aria-label="Stages">
      {way.map(({ stage, name }, index) => (
        <li
          key={stage}
          class={index < at ? 'done' : index === at ? 'now' : ''}
          aria-current={index === at ? 'step' : undefined}
        >
          <span>{name}</span>
          {index === at && <StageProgress round={round} />}
        </li>
      ))}
    </ol>
  );
}

function StageProgress({ round: { stage, videos, task } }: { round: WireRound }) {
  const [done, total, what] =
    stage === 'processing'
      ? [videos.done + videos.failed, videos.found, 'videos']
      : stage === 'waiting' && task?.onThisServer
        ? [task.jobsDone, task.jobsTotal, 'jobs']
        : [0, 0, ''];
  if (total === 0) return null;
  return (
    <>
      <progress max={total} value={done} aria-label={`Finished ${what}`} />
      <span class="quiet">
        {done} of {total} {what}
      </span>
    </>
  );
}

function Counts({ round: { videos, frames, preLabels, task, changes, dataset, model } }: { round: WireRound }) {
  const counts: [string, string, string?][] = [
    ['Videos', `${videos.done} of ${videos.found}`, videos.failed > 0 ? `${videos.failed} failed` : undefined],
    ['Frames sampled', String(frames.sampled)],
    ['Selected', String(frames.selected)],
  ];
  if (preLabels !== null) counts.push(['Boxes of the model', String(preLabels)]);
  if (task?.onThisServer) counts.push(['Jobs', `${task.jobsDone} of ${task.jobsTotal}`]);
  if (changes !== null) {
    const { kept, moved, relabelled, deleted, added } = changes;
    counts.push([
      'Boxes kept',
      String(kept),
      `${moved} moved, ${relabelled} relabelled, ${deleted} deleted, ${added} added`,
    ]);
  }
  if (dataset !== null) counts.push(['Frames added', `+${dataset.added}`, `${dataset.frames} in the dataset`]);
  if (model !== null) {
    const score = model.score === null ? '–' : model.score.toFixed(3);
    counts.push(['Model, mAP50', score, model.accepted ? 'used from now on' : 'not used']);
  }
  return (
    <dl class="counts">
      {counts.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more !== undefined && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
