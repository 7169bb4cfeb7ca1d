import type { League } from './league.js';
import type { Random } from './random.js';

/** Shots with something to label. */
type TargetKind = 'attack' | 'corner' | 'behind_goal' | 'close' | 'midfield';
/** Shots without. */
const EMPTY_KINDS = ['far_crowd', 'near_crowd', 'studio', 'scoreboard', 'advert', 'grass', 'stadium', 'black'] as const;

type EmptyKind = (typeof EMPTY_KINDS)[number];
export type ShotKind = TargetKind | EmptyKind | 'replay';

/** How one shot gives way to the next. */
export type Transition = 'cut' | 'crossfade' | 'through_black' | 'wipe';

export interface Shot {
  id: number;
  kind: ShotKind;
  league: League;
  /** Seconds of the footage; `end` is the next shot's `start`. */
  start: number;
  end: number;
  /** The shot that is shown again at half speed, and from which time of the footage on. */
  replayOf?: number;
  replayFrom?: number;
  /** How the shot begins; the transition lies half before and half after `start`. */
  transition: Transition;
  transitionSeconds: number;
  seed: number;
}

/** Whether a shot has nothing to label. */
export const isEmptyShot = ({ kind }: Pick<Shot, 'kind'>): boolean =>
  (EMPTY_KINDS as readonly ShotKind[]).includes(kind);

export type FootageLeague = League | 'mixed';

/** The share of the time with something to label; the rest of a broadcast is something else. */
const TARGET_SHARE = [0.2, 0.34] as const;

/** Nobody can follow shorter shots. */
const SHORTEST = 3;

/** A replay shows its passage at half speed. */
export const REPLAY_SPEED = 0.5;

/** Cuts lie on this grid, in seconds: two pictures at 12.5 per second, so that a replay meets the same moments again. */
const GRID = 0.16;

type Draft = Pick<Shot, 'kind' | 'league'> & { seconds: number; replay?: boolean };

/**
 * The running order of a broadcast: shots of 3-60 s (shorter where the footage is short, so that it shows several kinds),
 * two thirds to four fifths of the time without anything to label, replays after what they repeat.
 */
export function planShots(random: Random, seconds: number, league: FootageLeague): Shot[] {
  const longest = Math.min(60, Math.max(5, seconds / 9));
  const targets = draftTargets(random, seconds * random.between(...TARGET_SHARE), longest, league);
  const left = seconds - targets.flat().reduce((sum, shot) => sum + shot.seconds, 0);
  return place(random, interleave(random, targets, draftEmpty(random, left, longest, league)), seconds);
}

/** Passages of play, each followed by its replay if it has one; together they last about `quota` seconds. */
function draftTargets(random: Random, quota: number, longest: number, league: FootageLeague): Draft[][] {
  const passages: Draft[][] = [];
  let deck: TargetKind[] = [];
  let used = 0;
  let replays = false;
  const leagues = new LeagueBalance(league);
  while (quota - used >= SHORTEST || passages.length === 0) {
    // Every kind once before any comes again; the corner among the first three, so that its flag is never missing.
    if (deck.length === 0) {
      const [first, second] = [['attack', 'corner', 'behind_goal'] as const, ['close', 'midfield', 'attack'] as const];
      deck = [...shuffled<TargetKind>(random, first), ...shuffled<TargetKind>(random, second)];
    }
    const kind = deck.shift() as TargetKind;
    // Play is cut fast, a corner is over in seconds; now and then a passage runs long.
    const usual = kind === 'corner' ? 3.5 : 12;
    const limit = kind !== 'corner' && random.next() < 0.12 ? longest : Math.min(longest, usual);
    // No passage takes more than a third, so that there are several.
    const fit = Math.max(SHORTEST, Math.min(quota - used, quota / 3));
    const original: Draft = { kind, league: leagues.next(), seconds: onGrid(Math.min(fit, duration(random, limit))) };
    const passage = [original];
    const replayed = onGrid(
      Math.min(original.seconds / REPLAY_SPEED, random.between(SHORTEST, 2 * SHORTEST), Math.max(SHORTEST, quota / 4)),
    );
    used += original.seconds;
    const due = !replays && quota >= 3 * SHORTEST;
    if (kind !== 'midfield' && kind !== 'corner' && (due || (quota - used >= replayed && random.next() < 0.3))) {
      replays = true;
      passage.push({ kind: 'replay', league: original.league, seconds: replayed, replay: true });
      used += replayed;
    }
    leagues.add(original.league, passage);
    passages.push(passage);
  }
  return passages;
}

function draftEmpty(random: Random, total: number, longest: number, league: FootageLeague): Draft[] {
  const shots: Draft[] = [];
  let deck: EmptyKind[] = [];
  let left = total;
  const leagues = new LeagueBalance(league);
  while (left >= SHORTEST) {
    if (deck.length === 0) deck = shuffled(random, EMPTY_KINDS);
    const kind = deck.shift() as EmptyKind;
    const wanted = onGrid(kind === 'black' ? SHORTEST : duration(random, longest));
    // What is left must be long enough for a shot of its own, or belongs to this one.
    const seconds = left - wanted >= SHORTEST ? wanted : left > longest ? left - SHORTEST : left;
    const shot: Draft = { kind, league: leagues.next(), seconds };
    shots.push(shot);
    leagues.add(shot.league, [shot]);
    left -= seconds;
  }
  return shots;
}

/** Spreads the passages over the time: the empty shots between them are dealt out evenly, with some luck. */
function interleave(random: Random, passages: readonly Draft[][], empty: readonly Draft[]): Draft[] {
  const order: Draft[] = [];
  const rest = [...empty];
  const startsWithPlay = random.next() < 0.6;
  passages.forEach((passage, index) => {
    const slotsLeft = passages.length - index + (startsWithPlay ? 0 : 1);
    const count = index === 0 && startsWithPlay ? 0 : Math.round((rest.length / slotsLeft) * random.between(0.6, 1.4));
    order.push(...rest.splice(0, count), ...passage);
  });
  return [...order, ...rest];
}

function place(random: Random, drafts: readonly Draft[], total: number): Shot[] {
  let start = 0;
  return drafts.map(({ kind, league, seconds, replay }, id) => {
    const afterReplay = drafts[id - 1]?.replay === true;
    const transition: Transition = replay === true || afterReplay ? 'wipe' : random.pick(TRANSITIONS);
    const shot: Shot = {
      ...{ id, kind, league, start, end: roundTo(start + seconds, 100) },
      ...(replay === true ? { replayOf: id - 1, replayFrom: roundTo(start - seconds * REPLAY_SPEED, 100) } : {}),
      transition: id === 0 ? 'cut' : transition,
      transitionSeconds: id === 0 || transition === 'cut' ? 0 : roundTo(random.between(0.5, 1), 100),
      seed: Math.floor(random.next() * 2 ** 32),
    };
    start = roundTo(start + seconds, 100);
    if (id === drafts.length - 1) shot.end = total;
    return shot;
  });
}

const TRANSITIONS = ['cut', 'cut', 'cut', 'cut', 'crossfade', 'through_black'] as const;

/** Log-uniform: many short shots, few long ones. */
const duration = (random: Random, longest: number): number =>
  SHORTEST * (longest / SHORTEST) ** Math.pow(random.next(), 1.2);

/** Up to the next possible cut. */
const onGrid = (seconds: number): number => Math.ceil(roundTo(seconds / GRID, 1e6)) * GRID;

/** Mixed footage cuts between a match of each league, and gives both about the same time. */
class LeagueBalance {
  readonly #seconds: Record<League, number> = { daylight: 0, floodlit: 0 };

  constructor(readonly league: FootageLeague) {}

  next(): League {
    if (this.league !== 'mixed') return this.league;
    return this.#seconds.daylight <= this.#seconds.floodlit ? 'daylight' : 'floodlit';
  }

  add(league: League, shots: readonly Draft[]): void {
    for (const { seconds } of shots) this.#seconds[league] += seconds;
  }
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(Math.floor(random.next() * left.length), 1));
  return order;
}

export const roundTo = (value: number, steps: number): number => Math.round(value * steps) / steps;
