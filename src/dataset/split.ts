import { PipelineError } from '../common/errors.js';
import { sha256 } from '../common/files.js';
import { SPLITS, type Split } from './types.js';

/** Shares of the frames that are to lie in `val` and `test`; the rest is `train`. */
export interface SplitShares {
  val: number;
  test: number;
}

/** What there is to share out. */
export interface Content {
  frames: number;
  /** Boxes of each class. */
  boxes: ReadonlyMap<string, number>;
}

/** Frames that must lie on one side: those of a video, and of videos that share pictures with it. */
export interface Group extends Content {
  key: string;
}

/** More groups than this come so close to the shares one by one that exchanging pairs of them is not worth its time. */
const GROUPS_TO_EXCHANGE = 60;

/**
 * Gives every new group its side. What lies on a side already stays there for ever, so that the scores of two versions
 * of a dataset can be compared.
 *
 * Stratified: the groups go, biggest first, where they bring frames and boxes of each class nearest to the shares (least
 * squares); then groups are moved and exchanged while that helps. The idea for whole groups is from Sechidis et al., On
 * the Stratification of Multi-Label Data (ECML 2011).
 *
 * `train` is never empty. `val`, and `test` where it is wanted, gets a group as soon as there is one that leaves `train`
 * the bigger side: until then it stays empty, for a model trained on the smaller part of the footage would be no use.
 * Pure, and the same in whatever order the groups come.
 */
export function assignSplits(
  held: Readonly<Record<Split, Content>>,
  groups: readonly Group[],
  shares: SplitShares,
): Map<string, Split> {
  if (!(shares.val >= 0 && shares.test >= 0 && shares.val + shares.test < 1)) {
    throw new PipelineError(
      'DATASET_BAD_SPLIT',
      `The split val ${shares.val}, test ${shares.test} leaves no training frames.`,
      {
        hint: 'Give shares from 0 to 1 that add up to less than 1, for example val 0.2 and test 0.',
      },
    );
  }
  const order = new Map(groups.map(({ key }) => [key, sha256(key)]));
  const biggestFirst = [...groups].sort(
    (a, b) => b.frames - a.frames || (order.get(a.key)! < order.get(b.key)! ? -1 : 1),
  );
  const wanted = { train: 1 - shares.val - shares.test, ...shares };
  const allocation = new Allocation(held, biggestFirst, wanted);
  for (const group of biggestFirst)
    allocation.place(
      group,
      best(SPLITS, (side) => allocation.costWith([[group, side]])),
    );
  improve(allocation, biggestFirst);

  const [biggest] = biggestFirst;
  if (biggest && allocation.frames('train') === 0) allocation.place(biggest, 'train');
  for (const side of ['val', 'test'] as const) {
    if (wanted[side] === 0 || allocation.frames(side) > 0) continue;
    const spare = biggestFirst.filter(
      (group) =>
        allocation.sideOf(group) === 'train' && allocation.frames('train') - group.frames >= Math.max(group.frames, 1),
    );
    if (spare.length > 0)
      allocation.place(
        best(spare, (group) => allocation.costWith([[group, side]])),
        side,
      );
  }
  return new Map(groups.map((group) => [group.key, allocation.sideOf(group)!]));
}

/** Moves single groups and exchanges pairs while the shares come nearer; each step does, so it ends. */
function improve(allocation: Allocation, groups: readonly Group[]): void {
  for (let improved = true; improved;) {
    improved = false;
    const attempt = (changes: [Group, Split][]) => {
      // The small number: rounding must not make two states each better than the other.
      if (allocation.costWith(changes) >= allocation.cost - 1e-12) return;
      for (const [group, side] of changes) allocation.place(group, side);
      improved = true;
    };
    for (const group of groups) for (const side of SPLITS) attempt([[group, side]]);
    if (groups.length > GROUPS_TO_EXCHANGE) continue;
    for (const [i, a] of groups.entries()) {
      for (const b of groups.slice(i + 1))
        attempt([
          [a, allocation.sideOf(b)!],
          [b, allocation.sideOf(a)!],
        ]);
    }
  }
}

/** Which group lies where, and how far that is from the shares. */
class Allocation {
  readonly #held: Record<Split, { frames: number; boxes: Map<string, number> }>;
  readonly #sides = new Map<string, Split>();
  readonly #totals: { frames: number; boxes: Map<string, number> };

  constructor(
    held: Readonly<Record<Split, Content>>,
    groups: readonly Group[],
    private readonly wanted: Readonly<Record<Split, number>>,
  ) {
    this.#totals = { frames: 0, boxes: new Map() };
    for (const content of [held.train, held.val, held.test, ...groups]) add(this.#totals, content, 1);
    const copy = ({ frames, boxes }: Content) => ({ frames, boxes: new Map(boxes) });
    this.#held = { train: copy(held.train), val: copy(held.val), test: copy(held.test) };
  }

  sideOf({ key }: Group): Split | undefined {
    return this.#sides.get(key);
  }

  frames(side: Split): number {
    return this.#held[side].frames;
  }

  place(group: Group, side: Split): void {
    const before = this.sideOf(group);
    if (before) add(this.#held[before], group, -1);
    add(this.#held[side], group, 1);
    this.#sides.set(group.key, side);
  }

  /** Sum over the sides of the squared distance from the share: of the frames, plus the mean over the classes. */
  get cost(): number {
    let cost = 0;
    for (const side of SPLITS) {
      const distance = (part: number, total: number) => (total === 0 ? 0 : (part / total - this.wanted[side]) ** 2);
      cost += distance(this.#held[side].frames, this.#totals.frames);
      for (const [label, total] of this.#totals.boxes) {
        cost += distance(this.#held[side].boxes.get(label) ?? 0, total) / this.#totals.boxes.size;
      }
    }
    return cost;
  }

  /** The cost if groups were placed so. Groups that have no side yet are in the totals, so the first ones look far off. */
  costWith(changes: readonly (readonly [Group, Split])[]): number {
    const before = changes.map(([group]) => [group, this.sideOf(group)] as const);
    for (const [group, side] of changes) this.place(group, side);
    const cost = this.cost;
    for (const [group, side] of before) {
      if (side) this.place(group, side);
      else {
        add(this.#held[this.sideOf(group)!], group, -1);
        this.#sides.delete(group.key);
      }
    }
    return cost;
  }
}

function add(sum: { frames: number; boxes: Map<string, number> }, content: Content, sign: 1 | -1): void {
  sum.frames += sign * content.frames;
  for (const [label, count] of content.boxes) sum.boxes.set(label, (sum.boxes.get(label) ?? 0) + sign * count);
}

/** The first of those with the least cost; there must be one. */
function best<T>(options: readonly T[], costOf: (option: T) => number): T {
  return options
    .map((option) => ({ option, cost: costOf(option) }))
    .reduce((least, other) => (other.cost < least.cost - 1e-12 ? other : least)).option;
}
