/**
 * Maps a stream in order with up to `inWork` items in work at the same time. A result is yielded as soon as it and those
 * before it are there, even while the source takes its time for the next item. Where the source fails, the results
 * before that come first.
 *
 * @param stop called when the caller stops early, so that a source that is busy with the next item gives up; the source
 *   is closed, and what is in work awaited, before the generator ends
 */
export async function* mapAhead<T, R>(
  source: AsyncIterable<T>,
  inWork: number,
  map: (item: T) => Promise<R>,
  stop: () => void,
): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  const ahead: Promise<R>[] = [];
  let failure: { error: unknown } | undefined;
  const take = async (): Promise<IteratorResult<T, undefined>> => {
    try {
      return (await iterator.next()) as IteratorResult<T, undefined>;
    } catch (error) {
      failure = { error };
      return { done: true, value: undefined };
    }
  };
  let next: Promise<IteratorResult<T, undefined>> | undefined = take();
  try {
    while (next !== undefined || ahead.length > 0) {
      const oldest = ahead[0];
      const resultFirst =
        next === undefined || ahead.length >= inWork || (oldest !== undefined && (await isFirst(oldest, next)));
      if (oldest !== undefined && resultFirst) {
        yield await oldest;
        void ahead.shift();
        continue;
      }
      const item: IteratorResult<T, undefined> | undefined = await next;
      if (item === undefined || item.done === true) {
        next = undefined;
        continue;
      }
      next = take();
      const mapped = map(item.value);
      mapped.catch(() => undefined); // awaited above when its turn comes; until then it is not unhandled
      ahead.push(mapped);
    }
  } finally {
    if (next !== undefined) {
      stop();
      await next;
      await iterator.return?.();
    }
    await Promise.allSettled(ahead);
  }
  if (failure !== undefined) throw failure.error;
}

/** Whether `one` is settled before `other`. */
async function isFirst(one: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  const settled = async (promise: Promise<unknown>, value: boolean): Promise<boolean> => {
    await Promise.allSettled([promise]);
    return value;
  };
  return Promise.race([settled(one, true), settled(other, false)]);
}
