import { useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { Notice } from '../ui/notice.js';
import type { SaveState } from './saver.js';
import type { ReviewSession } from './session.js';

const words: Record<SaveState['kind'], string> = {
  saved: 'Saved',
  saving: 'Saving …',
  offline: 'Offline: kept in this browser',
  'signed-out': 'Signed out: kept in this browser',
  finished: 'Not saved: finished elsewhere',
  refused: 'Not saved',
};

/** A few words on whether everything is saved. What a person must hear of it is announced, or is a notice. */
export function SaveStatus({ session }: { session: ReviewSession }) {
  const { kind } = session.saveState;
  return (
    <span class={`save-status ${kind}`}>
      <span class="dot" aria-hidden="true" />
      {session.keeper.isStorageFull ? words[kind].replace('in this browser', 'in this window') : words[kind]}
    </span>
  );
}

/** What needs the person: signing in again, or a server that refuses. */
export function SaveTrouble({ session }: { session: ReviewSession }) {
  const { saveState } = session;
  const [error, setError] = useState<string>();
  // What is about to be saved needs no place in the browser.
  if (session.keeper.isStorageFull && saveState.kind !== 'saved' && saveState.kind !== 'saving') {
    return (
      <Notice kind="bad">
        This browser has no room to keep what is not saved: it is lost when this window is closed.{' '}
        {saveState.kind === 'refused' && `The server did not take it (${saveState.message}). `}
        {saveState.kind === 'signed-out' && 'Sign in again in another tab. '}
        <Button onClick={() => void session.keeper.save()}>Save now</Button>
      </Notice>
    );
  }
  if (saveState.kind === 'finished') {
    const reopen = () => session.setState('in progress').catch((reason: Error) => setError(reason.message));
    return (
      <Notice kind="bad">
        This job was finished in another window before your last changes were saved. They are kept in this browser.{' '}
        <Button onClick={() => void reopen()}>Reopen job and save them</Button>{' '}
        <Button kind="danger" onClick={() => session.keeper.discard()}>
          Give them up
        </Button>
        {error !== undefined && <p>The job cannot be reopened: {error}</p>}
      </Notice>
    );
  }
  if (saveState.kind === 'signed-out') {
    return (
      <Notice kind="bad">
        This browser is signed out. Nothing is lost: sign in again in another tab, by the link with the token or with
        the password, then come back to this page.
      </Notice>
    );
  }
  if (saveState.kind === 'refused') {
    return (
      <Notice kind="bad">
        The server did not take the last changes ({saveState.message}). They are kept in this browser.{' '}
        <Button onClick={() => void session.keeper.save()}>Try again</Button>
      </Notice>
    );
  }
  return null;
}
