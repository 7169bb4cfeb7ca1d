import { Button } from '../ui/button.js';
import { Notice } from '../ui/notice.js';
import type { SaveState } from './saver.js';
import type { ReviewSession } from './session.js';

const words: Record<SaveState['kind'], string> = {
  saved: 'Saved',
  saving: 'Saving …',
  offline: 'Offline: kept in this browser',
  'signed-out': 'Signed out: kept in this browser',
  refused: 'Not saved',
};

/** One word on whether everything is saved. */
export function SaveStatus({ state }: { state: SaveState }) {
  return (
    <span class={`save-status ${state.kind}`} role="status">
      <span class="dot" aria-hidden="true" />
      {words[state.kind]}
    </span>
  );
}

/** What needs the person: signing in again, or a server that refuses. */
export function SaveTrouble({ session }: { session: ReviewSession }) {
  const { saveState } = session;
  if (saveState.kind === 'signed-out') {
    return (
      <Notice kind="bad">
        This browser is signed out. Nothing is lost: open the link with the token again, then come back to this page.
      </Notice>
    );
  }
  if (saveState.kind === 'refused') {
    return (
      <Notice kind="bad">
        The server did not take the last changes ({saveState.message}). They are kept in this browser.{' '}
        <Button onClick={() => void session.saveNow()}>Try again</Button>
      </Notice>
    );
  }
  return null;
}
