import { useState } from 'preact/hooks';
import { request } from './api/http.js';
import { Notice } from './ui/notice.js';

/** Where the link with the token is not at hand, the token itself or the password does. */
export function SignIn({ onSignedIn }: { onSignedIn: () => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const signIn = async (event: Event) => {
    event.preventDefault();
    try {
      await request('POST', '/api/frameloop/session', { token });
      onSignedIn();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={(event) => void signIn(event)}>
        <h1>Frameloop review</h1>
        <p>
          Open the link that <code>frameloop up</code> printed: it holds the key to this page. Or paste the token, the
          part after <code>token=</code>; it is also in the file <code>review/token</code> of the data folder.
        </p>
        <p>On another machine, sign in with the password that was set for this server.</p>
        <label>
          Token or password
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {error && <Notice kind="bad">{error}</Notice>}
        <button type="submit" class="button primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
