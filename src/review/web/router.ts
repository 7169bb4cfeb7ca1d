import { useEffect, useState } from 'preact/hooks';

/** The pages, by their addresses; those of tasks and jobs are CVAT's. */
export type Route =
  | { page: 'tasks'; taskId?: number }
  | { page: 'review'; taskId: number; jobId: number; frame: number | undefined }
  | { page: 'rounds' }
  | { page: 'dataset' };

function parseRoute({ pathname, search }: { pathname: string; search: string }): Route {
  const [, taskId, jobId] = /^\/tasks\/(\d+)(?:\/jobs\/(\d+))?\/?$/.exec(pathname) ?? [];
  if (jobId !== undefined) {
    const asked = new URLSearchParams(search).get('frame') ?? '';
    // No job has as many frames as nine digits can name.
    const frame = /^\d+$/.test(asked) ? Math.min(Number(asked), 999_999_999) : undefined;
    return { page: 'review', taskId: Number(taskId), jobId: Number(jobId), frame };
  }
  if (pathname === '/rounds') return { page: 'rounds' };
  if (pathname === '/dataset') return { page: 'dataset' };
  return taskId === undefined ? { page: 'tasks' } : { page: 'tasks', taskId: Number(taskId) };
}

const changed = 'frameloop-navigate';

export function navigate(path: string): void {
  history.pushState(null, '', path);
  window.dispatchEvent(new Event(changed));
}

/** Browsers refuse, or throw, when an address changes more often than a hundred times in 30 seconds. */
const leastReplaceMs = 400;
let replacedAt = -leastReplaceMs;
let waiting: { path: string; timer: number } | undefined;

const shownKey = 'frameloop-shown';

/** Puts another address of the page that is shown into the address bar, at once or, if one was just put there, soon. */
export function replaceAddress(path: string): void {
  sessionStorage.setItem(shownKey, path);
  window.clearTimeout(waiting?.timer);
  const wait = replacedAt + leastReplaceMs - performance.now();
  waiting = { path, timer: window.setTimeout(putAddress, wait) };
  if (wait <= 0) putAddress();
}

function putAddress(): void {
  if (waiting === undefined) return;
  window.clearTimeout(waiting.timer);
  const { path } = waiting;
  waiting = undefined;
  replacedAt = performance.now();
  // Only the page that it was meant for; another may be there by now.
  if (path.split('?')[0] !== location.pathname) return;
  try {
    history.replaceState(history.state, '', path);
  } catch (error) {
    // The browser has had enough of them for now; the next frame is put there.
    if (!(error instanceof DOMException)) throw error;
  }
}

window.addEventListener('beforeunload', putAddress);

/** A reload asks for the address that the browser had when it began; what was shown last may wait to be put there. */
function addressAfterReload(): void {
  const [navigation] = performance.getEntriesByType('navigation');
  if (!(navigation instanceof PerformanceNavigationTiming) || navigation.type !== 'reload') return;
  const shown = sessionStorage.getItem(shownKey);
  if (shown?.split('?')[0] === location.pathname) history.replaceState(history.state, '', shown);
}

addressAfterReload();

/** The route of the address bar. Clicks on our own links change it without loading the page again. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location));
  useEffect(() => {
    const update = () => setRoute(parseRoute(location));
    const follow = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (link === null || link.target !== '' || link.origin !== location.origin) return;
      if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      navigate(link.pathname + link.search);
    };
    window.addEventListener('popstate', update);
    window.addEventListener(changed, update);
    document.addEventListener('click', follow);
    return () => {
      window.removeEventListener('popstate', update);
      window.removeEventListener(changed, update);
      document.removeEventListener('click', follow);
    };
  }, []);
  return route;
}
