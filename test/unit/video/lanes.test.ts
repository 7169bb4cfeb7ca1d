import { describe, expect, it } from 'vitest';
import { inLanes, type Part } from '../../../src/video/lanes.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** A part of some items, which tells what it does. */
function part(items: string[], log: string[], failure?: Error): Part<string> {
  return async function* (signal) {
    log.push(`begin ${items[0]}`);
    try {
      for (const item of items) {
        await tick();
        signal.throwIfAborted();
        log.push(`make ${item}`);
        yield item;
      }
      if (failure) throw failure;
    } finally {
      log.push(`end ${items[0]}`);
    }
  };
}

async function collect(parts: Part<string>[], options: { lanes: number; ahead: number }, until?: string) {
  const taken: string[] = [];
  for await (const item of inLanes(parts, options)) {
    taken.push(item);
    if (item === until) break;
  }
  return taken;
}

describe('parts that are made at the same time', () => {
  it('come in order', async () => {
    const log: string[] = [];
    const parts = [part(['a1', 'a2', 'a3'], log), part(['b1'], log), part(['c1', 'c2'], log)];
    expect(await collect(parts, { lanes: 2, ahead: 8 })).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'c2']);
    expect(log.indexOf('begin b1')).toBeLessThan(log.indexOf('make a3'));
  });

  it('wait when they are too far ahead', async () => {
    const log: string[] = [];
    const items = Array.from({ length: 50 }, (_, index) => `b${index}`);
    const parts = inLanes([part(['a1', 'a2'], log), part(items, log)], { lanes: 2, ahead: 3 });
    await parts.next();
    for (let turn = 0; turn < 100; turn++) await tick();
    expect(log.filter((entry) => entry.startsWith('make b'))).toHaveLength(3);
    await parts.return(undefined);
  });

  it('give what came before a failure, and all have ended when it is told', async () => {
    const log: string[] = [];
    const taken: string[] = [];
    const parts = [part(['a1'], log), part(['b1'], log, new Error('broken')), part(['c1', 'c2', 'c3', 'c4'], log)];
    const all = (async () => {
      for await (const item of inLanes(parts, { lanes: 3, ahead: 2 })) taken.push(item);
    })();
    await expect(all).rejects.toThrow('broken');
    expect(taken).toEqual(['a1', 'b1']);
    expect(log.filter((entry) => entry.startsWith('end')).sort()).toEqual(['end a1', 'end b1', 'end c1']);
  });

  it('have ended when the caller stops early', async () => {
    const log: string[] = [];
    await collect([part(['a1', 'a2'], log), part(['b1', 'b2', 'b3'], log)], { lanes: 2, ahead: 1 }, 'a1');
    expect(log.filter((entry) => entry.startsWith('end')).sort()).toEqual(['end a1', 'end b1']);
  });
});
