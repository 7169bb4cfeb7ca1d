import type { WireSession } from '../wire.js';
import { useEffect, useState } from 'preact/hooks';
import { readSession, request } from './api/http.js';
import { DatasetPage } from './dataset/dataset-page.js';
import { ReviewPage } from './review/review-page.js';
import { RoundsPage } from './rounds/rounds-page.js';
import { useRoute, type Route } from './router.js';
import { SignIn } from './sign-in.js';
import { TasksPage } from './tasks/tasks-page.js';
import { Notice } from './ui/notice.js';
import { Shell } from './ui/shell.js';

/** How often a page that could not reach its server tries again. */
const retryMs = 2000;

export function App() {
  const route = useRoute();
  const [session, setSession] = useState<WireSession>();
  const [error, setError] = useState<string>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let timer: number | undefined;
    readSession().then(
      (read) => {
        setSession(read);
        setError(undefined);
      },
      (reason: Error) => {
        setError(reason.message);
        timer = window.setTimeout(() => setAttempt(attempt + 1), retryMs);
      },
    );
    return () => window.clearTimeout(timer);
  }, [attempt]);

  if (session === undefined) {
    return <main class="page">{error && <Notice kind="bad">The review server does not answer: {error}</Notice>}</main>;
  }
  if (!session.signedIn) return <SignIn onSignedIn={() => setAttempt(attempt + 1)} />;
  const folderId = session.folderId ?? '';
  const signOut = () => {
    request('POST', '/api/auth/logout').then(
      () => setAttempt(attempt + 1),
      (reason: Error) => setError(reason.message),
    );
  };
  if (route.page === 'review') {
    return <ReviewPage key={route.jobId} jobId={route.jobId} frame={route.frame} folderId={folderId} />;
  }
  return (
    <Shell current={route.page} onSignOut={signOut}>
      {error && <Notice kind="bad">The review server does not answer: {error}</Notice>}
      <Content route={route} folderId={folderId} />
    </Shell>
  );
}

function Content({ route, folderId }: { route: Route; folderId: string }) {
  if (route.page === 'rounds') return <RoundsPage />;
  if (route.page === 'dataset') return <DatasetPage folderId={folderId} />;
  return <TasksPage taskId={route.page === 'tasks' ? route.taskId : undefined} folderId={folderId} />;
}
