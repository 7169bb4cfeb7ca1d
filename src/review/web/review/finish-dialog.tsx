import { useEffect, useState } from 'preact/hooks';
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
  const unconfirmed = session.frames.flatMap((frame) => session.boxes(frame).filter(isUnconfirmed)).length;
  const finish = async () => {
    setBusy(true);
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
      ) : open.length === 0 ? (
        <p>All {session.frames.length} frames are reviewed.</p>
      ) : (
        <Notice kind="warn">
          <p>
            <strong>
              {open.length} of {session.frames.length} frames
            </strong>{' '}
            are not reviewed yet.
            {unconfirmed > 0 && ` ${unconfirmed} boxes of the model would go into the dataset as they are.`}
          </p>
        </Notice>
      )}
      <p class="quiet">When all jobs of the task are finished, the round goes on by itself.</p>
      {session.saveState.kind !== 'saved' && <p>Not everything is saved yet.</p>}
      {error !== undefined && <Notice kind="bad">{error}</Notice>}
      <div class="row end">
        {open[0] !== undefined && (
          <Button
            first
            onClick={() => {
              session.show(session.frames.indexOf(open[0] as (typeof open)[0]));
              onClose();
            }}
          >
            Go to the first one
          </Button>
        )}
        <Button
          kind="primary"
          icon="check"
          first={open.length === 0}
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
    session.otherJobs().then(setOthers, () => setOthers([]));
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
