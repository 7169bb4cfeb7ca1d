import { describe, expect, it } from 'vitest';
import { isEmptyShot, planShots, type Shot } from '../../../demo/world/plan.js';
import { createRandom } from '../../../demo/world/random.js';

const plan = (seed: number, seconds: number, league: 'daylight' | 'mixed' = 'daylight'): Shot[] =>
  planShots(createRandom(seed), seconds, league);
const seeds = Array.from({ length: 40 }, (_, index) => index * 7919);
const length = ({ start, end }: Shot): number => end - start;

describe('the running order of generated footage', () => {
  it('fills the time without gaps', () => {
    for (const seconds of [4, 60, 180, 1200]) {
      const shots = plan(1, seconds);
      expect(shots[0]?.start).toBe(0);
      expect(shots.at(-1)?.end).toBe(seconds);
      shots.slice(1).forEach((shot, index) => expect(shot.start).toBe(shots[index]?.end));
      expect(shots.map(({ id }) => id)).toEqual(shots.map((_, index) => index));
    }
  });

  it.each([180, 600, 3600])('has nothing to label for 60 to 85 percent of %i seconds, whatever the seed', (seconds) => {
    for (const seed of seeds) {
      const empty = plan(seed, seconds)
        .filter(isEmptyShot)
        .reduce((sum, shot) => sum + length(shot), 0);
      expect(empty / seconds).toBeGreaterThan(0.6);
      expect(empty / seconds).toBeLessThan(0.85);
    }
  });

  it('has shots of 3 to 60 seconds, and short ones where the footage is short', () => {
    const lengths = seeds.flatMap((seed) => plan(seed, 1200).map(length));
    // Cuts are rounded to hundredths of a second.
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2.99);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(60.01);
    expect(Math.max(...lengths)).toBeGreaterThan(40);
    for (const seed of seeds) {
      const kinds = new Set(plan(seed, 60).map(({ kind }) => kind));
      expect(kinds.size).toBeGreaterThanOrEqual(9);
    }
  });

  it('cuts, fades both ways, and replays the passage before between wipes', () => {
    const shots = seeds.flatMap((seed) => plan(seed, 600));
    expect(new Set(shots.map(({ transition }) => transition))).toEqual(
      new Set(['cut', 'crossfade', 'through_black', 'wipe']),
    );
    for (const seed of seeds) {
      const order = plan(seed, 180);
      const replay = order.find(({ kind }) => kind === 'replay');
      const original = order[replay?.replayOf ?? -1];
      expect(original?.id).toBe((replay?.id ?? 0) - 1);
      expect([replay?.transition, order[(replay?.id ?? 0) + 1]?.transition ?? 'wipe']).toEqual(['wipe', 'wipe']);
      expect(replay?.replayFrom).toBeGreaterThanOrEqual((original?.start ?? Infinity) - 0.16);
    }
  });

  it('films a corner, whose flag is the rarest thing, in every three minutes', () => {
    for (const seed of seeds) expect(plan(seed, 180).some(({ kind }) => kind === 'corner')).toBe(true);
  });

  it('cuts between a match of each league where they are mixed', () => {
    for (const seed of seeds) {
      const leagues = plan(seed, 60, 'mixed')
        .filter((shot) => !isEmptyShot(shot))
        .map(({ league }) => league);
      expect(new Set(leagues)).toEqual(new Set(['daylight', 'floodlit']));
    }
  });
});
