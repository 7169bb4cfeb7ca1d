/** Makes one part of a sequence; ends when the signal aborts. */
export type Part<T> = (signal: AbortSignal) => AsyncIterable<T>;

export interface LaneOptions {
  /** Parts that are made at the same time. */
  lanes: number;
  /** Items of one part that may wait for their turn: this bounds the memory, however long the parts are. */
  ahead: number;
  signal?: AbortSignal;
}

/**
 * Makes the parts of a sequence several at a time, and yields their items in order, as if one part had been made after
 * the other. A part that is too far ahead waits. When the caller stops, or a part fails, the others are aborted, and the
 * generator ends only after they have ended.
 */
export async function* inLanes<T>(parts: Iterable<Part<T>>, options: LaneOptions): AsyncGenerator<T> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const active: Lane<T>[] = [];
  const waiting = parts[Symbol.iterator]();
  const fill = (): void => {
    while (active.length < options.lanes) {
      const next = waiting.next();
      if (next.done === true) return;
      active.push(new Lane(next.value, options.ahead, signal));
    }
  };
  try {
    for (fill(); active[0] !== undefined; fill()) {
      yield* active[0].items();
      active.shift();
    }
    options.signal?.throwIfAborted();
  } finally {
    stop.abort();
    await Promise.all(active.map((lane) => lane.ended()));
  }
}

/** One part in the making, with the items that are finished and not yet taken. */
class Lane<T> {
  private readonly ready: T[] = [];
  private done = false;
  private failure?: { error: unknown };
  private readonly making: Promise<void>;
  private wake: () => void = () => {};

  constructor(part: Part<T>, ahead: number, signal: AbortSignal) {
    this.making = this.make(part, ahead, signal);
  }

  async *items(): AsyncGenerator<T> {
    for (;;) {
      const item = this.ready.shift();
      this.wake();
      if (item !== undefined) yield item;
      else if (this.failure !== undefined) throw this.failure.error;
      else if (this.done) return;
      else await this.change();
    }
  }

  ended(): Promise<void> {
    this.wake();
    return this.making;
  }

  private async make(part: Part<T>, ahead: number, signal: AbortSignal): Promise<void> {
    try {
      for await (const item of part(signal)) {
        this.ready.push(item);
        this.wake();
        while (this.ready.length >= ahead && !signal.aborted) await this.change();
        if (signal.aborted) break;
      }
    } catch (error) {
      // Thrown when the turn of this part comes: what lies before it is still good.
      this.failure = { error };
    }
    this.done = true;
    this.wake();
  }

  /** Waits until the other side of the queue, or its end, wakes this one. */
  private change(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
