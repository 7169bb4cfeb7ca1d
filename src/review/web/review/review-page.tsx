import { useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { WireReason } from '../../wire.js';
import { readReasons } from '../api/cvat.js';
import { replaceAddress } from '../router.js';
import { Button } from '../ui/button.js';
import { Notice } from '../ui/notice.js';
import { Navigation, ThemeSwitch } from '../ui/shell.js';
import * as actions from './actions.js';
import { Canvas, type CanvasControls } from './canvas.js';
import { Filmstrip } from './filmstrip.js';
import { FinishDialog } from './finish-dialog.js';
import { Help } from './help.js';
import { openSession } from './open-session.js';
import { Panel } from './panel.js';
import { SaveStatus, SaveTrouble } from './save-status.js';
import type { ReviewSession } from './session.js';
import { runShortcut, type View } from './shortcuts.js';

export function ReviewPage(props: { jobId: number; frame: number | undefined; folderId: string }) {
  const { jobId, frame, folderId } = props;
  const [session, setSession] = useState<ReviewSession>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let opened: ReviewSession | undefined;
    let gone = false;
    openSession(jobId, folderId, frame).then(
      (one) => {
        if (gone) return one.close();
        opened = one;
        setSession(one);
      },
      (reason: Error) => setError(reason.message),
    );
    return () => {
      gone = true;
      opened?.close();
    };
  }, []);
  if (error !== undefined) {
    return (
      <main class="page">
        <Notice kind="bad">
          Job {jobId} cannot be opened: {error}
        </Notice>
        <p>
          <a href="/">All tasks</a>
        </p>
      </main>
    );
  }
  if (session === undefined) return <main class="page quiet">Opening job {jobId} …</main>;
  return <Review session={session} folderId={folderId} />;
}

/** Draws again whenever the session has changed, from the moment on in which it is on the page. */
function useSession(session: ReviewSession): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useLayoutEffect(() => session.subscribe(() => redraw(undefined)), [session]);
}

function Review({ session, folderId }: { session: ReviewSession; folderId: string }) {
  useSession(session);
  const controls = useRef<CanvasControls | undefined>(undefined);
  const labelSearch = useRef<HTMLInputElement>(null);
  const [dialog, setDialog] = useState<'help' | 'finish'>();
  const [boxesShown, setBoxesShown] = useState(true);
  const [reopenError, setReopenError] = useState<string>();
  const [reasons, setReasons] = useState<ReadonlyMap<number, WireReason>>(new Map());

  useEffect(() => {
    // Without them the frames can be reviewed all the same.
    readReasons(session.job.id).then(setReasons, () => undefined);
  }, [session]);

  // The address names the frame, so that a reload or a link comes back to it, however soon it comes.
  useLayoutEffect(() => {
    const { task_id, id } = session.job;
    replaceAddress(`/tasks/${task_id}/jobs/${id}?frame=${session.index}`);
    document.title = `Frame ${session.index + 1} · ${session.job.task_name} · Frameloop`;
  }, [session.index]);

  const view: View = {
    zoom: (factor) => controls.current?.zoom(factor),
    pan: (by) => controls.current?.pan(by),
    fit: () => controls.current?.fit(),
    drawFromKeyboard() {
      const visible = controls.current?.visible();
      if (visible === undefined) return;
      const { middle, size } = visible;
      const { width, height } = session.frame;
      const half = Math.max(4, Math.min(size.width, size.height, width, height) / 12);
      const x1 = Math.round(Math.min(Math.max(middle.x - half, 0), width - 2 * half));
      const y1 = Math.round(Math.min(Math.max(middle.y - half, 0), height - 2 * half));
      actions.drawBox(session, { x1, y1, x2: Math.round(x1 + 2 * half), y2: Math.round(y1 + 2 * half) });
    },
    cancel: () => controls.current?.cancel() ?? false,
    showHelp: () => setDialog('help'),
    finish: () => setDialog('finish'),
    findLabel: () => labelSearch.current?.focus(),
    toggleBoxes: () => setBoxesShown((shown) => !shown),
  };

  // A key that is pressed as soon as the frame is seen counts.
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // A dialog has its own keys.
      if (document.querySelector('dialog[open]') === null) runShortcut(event, session, view);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });

  const reopen = () => {
    setReopenError(undefined);
    session.setState('in progress').catch((reason: Error) => setReopenError(reason.message));
  };
  const reviewed = session.isComplete ? session.frames.filter((frame) => session.isReviewed(frame)).length : undefined;
  return (
    <div class="review">
      <header class="top-bar">
        <Navigation current="tasks" />
        <div class="job">
          <h1 class="ellipsis">
            <a href={`/tasks/${session.job.task_id}`}>{session.job.task_name}</a>
            <span class="quiet"> · job {session.job.id}</span>
          </h1>
          <Progress done={reviewed} of={session.frames.length} />
        </div>
        <SaveStatus session={session} />
        <div class="toolbar" role="toolbar" aria-label="View and history">
          <Button
            kind="plain"
            icon="undo"
            label="Undo"
            shortcut="Ctrl+Z"
            disabled={!session.canUndo}
            onClick={() => session.undo()}
          />
          <Button
            kind="plain"
            icon="redo"
            label="Redo"
            shortcut="Ctrl+Shift+Z"
            disabled={!session.canRedo}
            onClick={() => session.redo()}
          />
          <span class="divider" />
          <Button kind="plain" icon="minus" label="Zoom out" shortcut="-" onClick={() => view.zoom(0.8)} />
          <Button kind="plain" icon="fit" label="Whole frame" shortcut="0" onClick={() => view.fit()} />
          <Button kind="plain" icon="plus" label="Zoom in" shortcut="+" onClick={() => view.zoom(1.25)} />
          <Button
            kind="plain"
            icon="eye"
            label={boxesShown ? 'Hide the boxes' : 'Show the boxes'}
            shortcut="B"
            pressed={boxesShown}
            onClick={() => view.toggleBoxes()}
          />
          <span class="divider" />
          <Button kind="plain" icon="help" label="Keys" shortcut="?" onClick={view.showHelp} />
          <ThemeSwitch />
        </div>
        {session.isFinished ? (
          <Button onClick={reopen}>Reopen job</Button>
        ) : (
          <Button kind="primary" icon="check" onClick={view.finish}>
            Finish job
          </Button>
        )}
      </header>
      <main class="review-main">
        <div class="stage-column">
          <SaveTrouble session={session} />
          {reopenError !== undefined && <Notice kind="bad">The job cannot be reopened: {reopenError}</Notice>}
          {session.isFinished && (
            <Notice kind="info">
              This job is finished: its boxes are on their way into the dataset. Reopen it to change them.
            </Notice>
          )}
          <Canvas session={session} boxesShown={boxesShown} controls={controls} />
        </div>
        <Panel session={session} reason={reasons.get(session.frame.number)} labelSearch={labelSearch} />
      </main>
      <footer class="review-footer">
        <Button
          kind="plain"
          icon="left"
          label="Previous frame"
          shortcut="D"
          disabled={session.index === 0}
          onClick={() => session.show(session.index - 1)}
        />
        <Filmstrip session={session} folderId={folderId} />
        <Button
          kind="plain"
          icon="right"
          label="Next frame"
          shortcut="F"
          disabled={session.index === session.frames.length - 1}
          onClick={() => session.show(session.index + 1)}
        />
      </footer>
      <p class="visually-hidden" role="status" aria-live="polite">
        {session.announcement}
      </p>
      {dialog === 'help' && <Help onClose={() => setDialog(undefined)} />}
      {dialog === 'finish' && <FinishDialog session={session} onClose={() => setDialog(undefined)} />}
    </div>
  );
}

function Progress({ done, of }: { done: number | undefined; of: number }) {
  return (
    <div class="progress-line">
      <progress max={of} value={done} aria-label="Reviewed frames" />
      <span>
        {done ?? '…'} / {of}
      </span>
    </div>
  );
}
