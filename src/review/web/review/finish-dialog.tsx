import { useEffect, useState } from 'preact/hooks';
import { readOtherJobs } from '../api/cvat.js';
import type { Job } from '../api/types.js';
import { navigate } from '../router.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { Notice } from '../ui/notice.js';
import { isUnconfirmed } from '../model/box.js';
import { stillLoading, type ReviewSession } from './session.js';

/** Asks before a job is finished, saying what was not looked at; afterwards leads on. */
export function FinishDialog({ session, onClose }: { session: ReviewSession; onClose: () => void }) {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  if (session.isFinished) return <Finished session={session} onClose={onClose} />;

  const open = session.isComplete ? session.frames.filter((frame) => !session.isReviewed(frame)) : [];
  const unconfirmed = session.frames.map((frame) =>
    session.leftOut.has(frame.number) ? 0 : session.boxes(frame).filter(isUnconfirmed).length,
  );
  const leftOut = session.frames.filter((frame) => session.leftOut.has(frame.number)).length;
  const unaccepted = unconfirmed.reduce((sum, count) => sum + count, 0);
  // Frames may be done with while boxes of theirs were hidden.
  const first = open[0] ?? session.frames[unconfirmed.findIndex((count) => count > 0)];
  const finish = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await session.setState('completed');
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
    setBusy(false);
  };
  return (
    <Dialog title="Finish this job?" onClose={onClose}>
      {!session.isComplete ? (
        <p>{stillLoading} …</p>
      ) : open.length === 0 && unaccepted === 0 ? (
        <p>All {session.frames.length} frames are reviewed.</p>
      ) : (
        <Notice kind="warn">
          <p>
            {open.length === 0 ? (
              'All frames were looked at, but not all boxes were accepted.'
            ) : (
              <>
                <strong>
                  {open.length} of {session.frames.length} frames
                </strong>{' '}
                are not reviewed yet.
              </>
            )}
            {unaccepted > 0 &&
              ` ${unaccepted} ${unaccepted === 1 ? 'box' : 'boxes'} of the model would go into the dataset as they are.`}
          </p>
        </Notice>
      )}
      {leftOut > 0 && (
        <p>
          {leftOut} {leftOut === 1 ? 'frame is' : 'frames are'} left out of the dataset.
        </p>
      )}
      <p class="quiet">When all jobs of the task are finished, the round goes on by itself.</p>
      {session.saveState.kind !== 'saved' && error === undefined && <p>Not everything is saved yet.</p>}
      {error !== undefined && <Notice kind="bad">{error}</Notice>}
      <div class="row end">
        {first !== undefined && session.isComplete && (
          <Button
            first
            onClick={() => {
              session.show(session.frames.indexOf(first));
              onClose();
            }}
          >
            Go to the first one
          </Button>
        )}
        <Button
          kind="primary"
          icon="check"
          first={first === undefined}
          disabled={busy || !session.isComplete}
          onClick={() => void finish()}
        >
          Finish job
        </Button>
      </div>
    </Dialog>
  );
}

function Finished({ session, onClose }: { session: ReviewSession; onClose: () => void }) {
  const [others, setOthers] = useState<Job[]>();
  useEffect(() => {
    readOtherJobs(session.job).then(setOthers, () => setOthers([]));
  }, []);
  const next = others?.[0];
  return (
    <Dialog title="Job finished" onClose={onClose}>
      {next !== undefined ? (
        <p>
          {others?.length === 1 ? 'One more job' : `${others?.length} more jobs`} of this task{' '}
          {others?.length === 1 ? 'is' : 'are'} open.
        </p>
      ) : (
        others !== undefined && <p>That was the last open job of this task. Its round goes on by itself.</p>
      )}
      <div class="row end">
        <Button onClick={() => navigate('/rounds')}>See the rounds</Button>
        {next !== undefined && (
          <Button kind="primary" icon="right" onClick={() => navigate(`/tasks/${next.task_id}/jobs/${next.id}`)}>
            Next job
          </Button>
        )}
      </div>
    </Dialog>
  );
}
