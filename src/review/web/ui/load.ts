import { useEffect, useState } from 'preact/hooks';

export interface Loaded<Value> {
  value?: Value;
  /** Why the last attempt failed; `value` is then what came before. */
  error?: string;
}

/**
 * What `load` gives, loaded again every `everyMs` while the page is seen.
 * @param key what is loaded; with another one it starts anew
 */
export function useLoaded<Value>(key: string, load: () => Promise<Value>, everyMs?: number): Loaded<Value> {
  const [state, setState] = useState<Loaded<Value> & { key: string }>({ key });
  useEffect(() => {
    let gone = false;
    const run = async () => {
      try {
        const value = await load();
        if (!gone) setState({ key, value });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (!gone) setState((before) => ({ ...(before.key === key ? before : { key }), error: message }));
      }
    };
    void run();
    const timer = everyMs === undefined ? undefined : setInterval(() => document.hidden || void run(), everyMs);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key]);
  return state.key === key ? state : {};
}
