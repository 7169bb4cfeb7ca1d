import { describe, expect, it } from 'vitest';
import { mapAhead } from '../../../src/common/map-ahead.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));
const noStop = () => {};

async function* numbers(count: number, failure?: Error): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) {
    await tick();
    yield number;
  }
  if (failure) throw failure;
}

describe('mapping a stream with several items in work', () => {
  it('keeps the order, and no more in work than allowed', async () => {
    let inWork = 0;
    let most = 0;
    const slowFirst = async (number: number) => {
      most = Math.max(most, ++inWork);
      for (let turn = 0; turn < 20 - number; turn++) await tick();
      inWork--;
      return number * 10;
    };
    const results: number[] = [];
    for await (const result of mapAhead(numbers(8), 3, slowFirst, noStop)) results.push(result);
    expect(results).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);
    expect(most).toBe(3);
  });

  it('yields a result while the source is still busy with the next item', async () => {
    let release = () => {};
    const source = (async function* () {
      yield 1;
      await new Promise<void>((resolve) => (release = resolve));
      yield 2;
    })();
    const results = mapAhead(source, 4, (number) => Promise.resolve(number), noStop);
    expect(await results.next()).toEqual({ done: false, value: 1 });
    release();
    expect(await results.next()).toEqual({ done: false, value: 2 });
  });

  it('gives the results before a failure of the source, then the failure', async () => {
    const results: number[] = [];
    const all = (async () => {
      const mapped = mapAhead(numbers(3, new Error('source')), 2, (number) => Promise.resolve(number), noStop);
      for await (const result of mapped) results.push(result);
    })();
    await expect(all).rejects.toThrow('source');
    expect(results).toEqual([0, 1, 2]);
  });

  it('tells the source to give up when the caller stops, and closes it', async () => {
    let closed = false;
    let wake = () => {};
    const source = (async function* () {
      try {
        yield 1;
        await new Promise<void>((resolve) => (wake = resolve));
        yield 2;
      } finally {
        closed = true;
      }
    })();
    for await (const result of mapAhead(
      source,
      2,
      (number) => Promise.resolve(number),
      () => wake(),
    )) {
      expect(result).toBe(1);
      break;
    }
    expect(closed).toBe(true);
  });
});
