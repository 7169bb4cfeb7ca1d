import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { WireReason } from '../../wire.js';
import { isUnconfirmed, type Box } from '../model/box.js';
import { Button } from '../ui/button.js';
import { Notice } from '../ui/notice.js';
import * as actions from './actions.js';
import { BoxFields } from './box-fields.js';
import { percent } from './box-view.js';
import { Labels, Swatch } from './labels.js';
import { unsureBelow, type ReviewSession } from './session.js';

/** Everything about the frame that is shown, beside it. */
export function Panel(props: {
  session: ReviewSession;
  reason: WireReason | undefined;
  labelSearch: RefObject<HTMLInputElement | null>;
}) {
  const { session, reason, labelSearch } = props;
  const fixed = session.isFinished;
  return (
    <aside class="panel" aria-label="This frame">
      <Conflicts session={session} />
      <Reason session={session} reason={reason} />
      <section class="actions" aria-label="Decide">
        <Button
          kind="primary"
          icon="checks"
          shortcut="Enter"
          disabled={fixed}
          onClick={() => actions.acceptAndGoOn(session)}
        >
          Accept all, next
        </Button>
        <Button icon="check" shortcut="A" disabled={fixed} onClick={() => actions.acceptAll(session)}>
          Accept all
        </Button>
        <Button icon="empty" shortcut="X" disabled={fixed} onClick={() => actions.nothingHere(session)}>
          Nothing here
        </Button>
        <Button
          icon="copy"
          shortcut="C"
          disabled={fixed || session.index === 0}
          onClick={() => actions.copyPrevious(session)}
        >
          Copy previous
        </Button>
        <Button icon="skip" shortcut="U" onClick={() => session.showUnsure(1)}>
          Next unsure
        </Button>
        <Button icon="trash" shortcut="Alt+Del" disabled={fixed} onClick={() => void session.toggleLeftOut()}>
          {session.leftOut.has(session.frame.number) ? 'Take the frame back' : 'Leave the frame out'}
        </Button>
      </section>
      <Labels session={session} search={labelSearch} />
      <Boxes session={session} />
    </aside>
  );
}

function Reason({ session, reason }: { session: ReviewSession; reason: WireReason | undefined }) {
  const { frame } = session;
  return (
    <section class="reason">
      <h2>
        Frame {session.index + 1}
        <span class="quiet"> of {session.frames.length}</span>
        {session.leftOut.has(session.frame.number) ? (
          <span class="badge">left out</span>
        ) : (
          session.isReviewed(frame) && <span class="badge good">reviewed</span>
        )}
      </h2>
      {session.leftOut.error !== undefined && <Notice kind="bad">{session.leftOut.error}</Notice>}
      {reason !== undefined ? (
        <>
          <p>
            <span class="quiet">Chosen because </span>
            {reason.reason}
          </p>
          <dl>
            <div>
              <dt>Score</dt>
              <dd>{reason.score.toFixed(2)}</dd>
            </div>
            <div>
              <dt>Time</dt>
              <dd>{clock(reason.ptsSeconds)}</dd>
            </div>
            <div>
              <dt>Video</dt>
              <dd title={reason.videoKey}>{reason.videoKey}</dd>
            </div>
          </dl>
        </>
      ) : (
        <p class="quiet ellipsis" title={frame.name}>
          {frame.name}
        </p>
      )}
    </section>
  );
}

function Boxes({ session }: { session: ReviewSession }) {
  const boxes = session.visibleBoxes();
  const hidden = session.boxes().length - boxes.length;
  const selected = session.selectedBox;
  return (
    <section class="boxes">
      <h3>
        Boxes <span class="badge">{boxes.length}</span>
      </h3>
      <label class="threshold">
        <span>Hide below</span>
        <input
          type="range"
          min="0"
          max="100"
          value={Math.round(session.minScore * 100)}
          aria-valuetext={percent(session.minScore)}
          onInput={(event) => session.setMinScore(Number(event.currentTarget.value) / 100)}
        />
        <output>{percent(session.minScore)}</output>
      </label>
      {hidden > 0 && (
        <p class="hidden-note">
          {hidden} hidden, and still part of the frame.{' '}
          <Button kind="danger" disabled={session.isFinished} onClick={() => actions.deleteHidden(session)}>
            Delete hidden
          </Button>
        </p>
      )}
      {boxes.length === 0 && session.isLoaded() && (
        <p class="quiet">None. Drag on the frame to draw one, or press N.</p>
      )}
      <ul>
        {boxes.map((box) => (
          <BoxItem key={box.key} {...{ session, box }} selected={box === selected} />
        ))}
      </ul>
    </section>
  );
}

function BoxItem({ session, box, selected }: { session: ReviewSession; box: Box; selected: boolean }) {
  const { name, color } = session.label(box.labelId);
  const unconfirmed = isUnconfirmed(box);
  const unsure = unconfirmed && box.score < unsureBelow;
  const item = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (selected) item.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  const origin = unconfirmed ? percent(box.score) : box.source === 'semi-auto' ? 'accepted' : 'yours';
  return (
    <li ref={item} class={selected ? 'box-item selected' : 'box-item'}>
      <button
        type="button"
        class="box-name"
        aria-pressed={selected}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => session.select(selected ? undefined : box.key)}
      >
        <Swatch color={color} />
        <span class="ellipsis">{name}</span>
        <span class="box-size">
          {Math.round(box.x2 - box.x1)} × {Math.round(box.y2 - box.y1)}
        </span>
        <span class={unsure ? 'origin unsure' : unconfirmed ? 'origin' : 'origin good'}>{origin}</span>
      </button>
      {selected && (
        <div class="box-tools">
          <BoxFields session={session} box={box} />
          <div class="row">
            {unconfirmed && (
              <Button
                icon="check"
                shortcut="V"
                disabled={session.isFinished}
                onClick={() => actions.confirmBox(session)}
              >
                Accept
              </Button>
            )}
            <Button
              icon="trash"
              kind="danger"
              shortcut="Del"
              disabled={session.isFinished}
              onClick={() => actions.deleteBox(session)}
            >
              Delete
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}

function Conflicts({ session }: { session: ReviewSession }) {
  return (
    <>
      {session.conflicts().map(({ key, mine, theirs }) => (
        <Notice key={key} kind="warn">
          <p>
            A {session.label((theirs ?? mine)?.labelId ?? 0).name} box that you {mine ? 'changed' : 'deleted'} was{' '}
            {theirs ? 'changed' : 'deleted'} in another window too. Theirs is shown.
          </p>
          <div class="row">
            <Button onClick={() => session.resolve(key, 'theirs')}>Keep theirs</Button>
            <Button onClick={() => session.resolve(key, 'mine')}>Use mine</Button>
          </div>
        </Notice>
      ))}
    </>
  );
}

/** Minutes and seconds of a video. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  return `${hours > 0 ? `${hours}:` : ''}${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}.${Math.floor((seconds - whole) * 10)}`;
}
