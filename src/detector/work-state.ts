/**
 * What the threads of a pool and the main thread know of each other at any moment, in memory that they share.
 *
 * Native code (ONNX Runtime, libvips) that is torn down at work aborts the whole process, so a process that exits must
 * wait for the pictures in work; and in an exit handler nothing asynchronous runs any more.
 */
export interface WorkState {
  /** Number of tasks in work, and whether no more may begin. */
  counters: Int32Array;
}

const BUSY = 0;
const STOPPED = 1;

/** Longest wait at exit, for a thread that died at work: nobody takes its task off the count. */
const EXIT_WAIT_MS = 5000;

export function createWorkState(): WorkState {
  return { counters: new Int32Array(new SharedArrayBuffer(8)) };
}

/** In a thread: counts the work while it runs. Returns undefined, without running it, after {@link finishWork}. */
export async function countWork<T>({ counters }: WorkState, work: () => Promise<T>): Promise<T | undefined> {
  // First counted, then asked: the other side first stops and then reads the count, so none slips through.
  Atomics.add(counters, BUSY, 1);
  try {
    return Atomics.load(counters, STOPPED) === 1 ? undefined : await work();
  } finally {
    Atomics.sub(counters, BUSY, 1);
    Atomics.notify(counters, BUSY);
  }
}

/** In the main thread, while it exits: lets no more work begin, and blocks until none runs. */
export function finishWork({ counters }: WorkState): void {
  Atomics.store(counters, STOPPED, 1);
  const end = Date.now() + EXIT_WAIT_MS;
  for (let busy = 1; busy > 0 && Date.now() < end;) {
    busy = Atomics.load(counters, BUSY);
    if (busy > 0) Atomics.wait(counters, BUSY, busy, end - Date.now());
  }
}
