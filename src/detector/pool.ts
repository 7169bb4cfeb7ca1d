import { setMaxListeners } from 'node:events';
import { Piscina } from 'piscina';
import { messageOf, PipelineError } from '../common/errors.js';
import type { DetectTask, InspectTask, ThreadData, ThreadPrediction, ThreadResult } from './detect-thread.js';
import type { NetworkTrial } from './network.js';
import type { DetectCallOptions, RgbImage } from './types.js';
import { createWorkState, finishWork } from './work-state.js';

/**
 * The worker threads of a detector. `session.run` blocks the thread that calls it, so it is never the main one.
 *
 * A thread is not stopped in the middle of a picture: native code that is torn down at work can take the whole process
 * with it. A cancelled picture is given up at the next step instead, and its caller does not wait for that.
 */
export class DetectThreads {
  #pool: Piscina;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #state = createWorkState();
  readonly #finishWork = () => finishWork(this.#state);
  readonly #closing = new AbortController();
  /** Aborted when no thread of the pool is left and none will come. */
  #dead = new AbortController();

  constructor(
    private readonly data: Omit<ThreadData, 'state'>,
    private readonly count: number,
  ) {
    this.#pool = this.#startPool();
    // One listener per picture that waits: their number means nothing.
    setMaxListeners(0, this.#closing.signal);
    process.on('exit', this.#finishWork);
  }

  #startPool(): Piscina {
    const fromSources = import.meta.url.endsWith('.ts');
    const pool = new Piscina({
      filename: new URL(fromSources ? './detect-thread.ts' : './detect-thread.js', import.meta.url).href,
      workerData: { ...this.data, state: this.#state } satisfies ThreadData,
      minThreads: this.count,
      maxThreads: this.count,
      idleTimeout: Infinity,
      execArgv: fromSources ? ['--import', new URL('./typescript-thread.mjs', import.meta.url).href] : [],
    });
    const dead = new AbortController();
    setMaxListeners(0, dead.signal);
    // A thread died without a task. piscina replaces it, unless threads cannot even start: then what is queued would
    // wait for ever.
    pool.on('error', (error) => {
      if (pool.threads.length === 0) dead.abort(error);
    });
    this.#dead = dead;
    return pool;
  }

  /** Thread handles, for the tests that kill one. */
  get threads() {
    return this.#pool.threads;
  }

  /** Loads the model in a thread and runs it once. */
  inspect(task: InspectTask): Promise<NetworkTrial> {
    return this.#run<NetworkTrial>('inspect', task);
  }

  /** @throws the signal's reason when it is aborted before the result is there */
  async detect(
    task: Omit<DetectTask, 'cancelled'>,
    { signal, transfer }: DetectCallOptions = {},
  ): Promise<ThreadPrediction> {
    const stop = signal ? AbortSignal.any([this.#closing.signal, signal]) : this.#closing.signal;
    stop.throwIfAborted();
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const moved = transfer ? transferable(task.picture) : [];
    const work = this.#run<ThreadPrediction | undefined>('detect', { ...task, cancelled }, moved);
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        Atomics.store(cancelled, 0, 1);
        reject(asError(stop.reason));
      };
      stop.addEventListener('abort', giveUp, { once: true });
      work
        .then((prediction) => (prediction ? resolve(prediction) : giveUp()), reject)
        .finally(() => stop.removeEventListener('abort', giveUp));
    });
  }

  /** Gives up what is queued, waits for the pictures in work (a fraction of a second each), ends the threads. */
  async close(): Promise<void> {
    this.#closing.abort(
      new PipelineError('DETECTOR_CLOSED', 'The detector was closed.', {
        hint: 'This is a bug in the caller: it must not use a detector after closing it.',
      }),
    );
    await Promise.allSettled(this.#pending);
    await this.#pool.destroy();
    process.off('exit', this.#finishWork);
  }

  async #run<T>(name: 'inspect' | 'detect', task: InspectTask | DetectTask, moved: ArrayBuffer[] = []): Promise<T> {
    const running = this.#runTwice<T>(name, task, moved);
    this.#pending.add(running);
    try {
      const result = await running;
      if ('value' in result) return result.value;
      const { code, message, ...options } = result.error;
      throw new PipelineError(code, message, options);
    } finally {
      this.#pending.delete(running);
    }
  }

  /** The tasks return their errors, so a rejection means that the thread died. piscina starts another one. */
  async #runTwice<T>(name: string, task: InspectTask | DetectTask, moved: ArrayBuffer[]): Promise<ThreadResult<T>> {
    // What kept the last threads from starting (memory, most likely) may be over.
    if (this.#dead.signal.aborted) this.#pool = this.#startPool();
    let crash: unknown;
    const attempts = moved.length > 0 ? 1 : 2;
    for (let attempt = 0; attempt < attempts && !this.#dead.signal.aborted; attempt++) {
      try {
        const options = { name, signal: this.#dead.signal, transferList: moved };
        return (await this.#pool.run(task, options)) as ThreadResult<T>;
      } catch (error) {
        crash = error;
      }
    }
    crash = this.#dead.signal.aborted ? this.#dead.signal.reason : crash;
    const what = 'picture' in task ? nameOf(task.picture) : 'model';
    throw new PipelineError('DETECTOR_THREAD_CRASHED', `A detector thread ended at the ${what}: ${messageOf(crash)}.`, {
      hint: 'Often memory: set `detector.threads` lower, or use a smaller model.',
      retryable: true,
      cause: crash,
    });
  }
}

/** The memory that a picture can take with it to another thread. */
function transferable(picture: string | RgbImage): ArrayBuffer[] {
  return typeof picture !== 'string' && picture.data.buffer instanceof ArrayBuffer ? [picture.data.buffer] : [];
}

function nameOf(picture: string | RgbImage): string {
  return typeof picture === 'string' ? `picture '${picture}'` : `picture of ${picture.width}x${picture.height}`;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
