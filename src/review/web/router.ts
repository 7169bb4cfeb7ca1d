import { useEffect, useState } from 'preact/hooks';

/** The pages, by their addresses; those of tasks and jobs are CVAT's. */
export type Route =
  | { page: 'tasks'; taskId?: number }
  | { page: 'review'; taskId: number; jobId: number; frame: number }
  | { page: 'rounds' }
  | { page: 'dataset' };

function parseRoute({ pathname, search }: { pathname: string; search: string }): Route {
  const [, taskId, jobId] = /^\/tasks\/(\d+)(?:\/jobs\/(\d+))?\/?$/.exec(pathname) ?? [];
  if (jobId !== undefined) {
    const frame = Number(new URLSearchParams(search).get('frame'));
    return { page: 'review', taskId: Number(taskId), jobId: Number(jobId), frame: Number.isInteger(frame) ? frame : 0 };
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
