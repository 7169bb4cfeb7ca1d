import { sha256 } from '../common/files.js';
import type { SelectedFrame } from '../common/types.js';
import { byScore, kCenter, kMeansPlusPlus, type Diversify, type Pick } from './diversify.js';
import { spaceOf, type Picture } from './picture-space.js';
import { Purse } from './purse.js';
import { describeNovelty } from './reason.js';
import type { ScoredFrame } from './score-video.js';
import type { CompleteSettings } from './settings.js';

/** The diversity step looks at frames worth 4 x the budget only (`budget_expand_ratio` of PPAL, CVPR 2024). */
const POOL_FACTOR = 4;

const diversifiers: Record<CompleteSettings['diversity'], Diversify> = {
  k_center: kCenter,
  k_means: kMeansPlusPlus,
  none: byScore,
};

export interface Choice {
  frame: ScoredFrame;
  arm: SelectedFrame['arm'];
  reason: string;
  novelty?: number;
  blind?: boolean;
}

/**
 * Spends the budget on frames that are no near duplicates: first a random control share, from all of them, so that it is
 * a fair sample of the footage; then the explore share from the frames without detections; then what the class quotas
 * still lack; what remains goes to the frames with the highest scores that are unlike each other.
 *
 * @param bestFirst by score
 * @param labelled what earlier rounds had
 * @param round.videos how many there are: none gets less than an equal share, lest the budget cannot be spent
 */
export function fillBudget(
  bestFirst: readonly ScoredFrame[],
  labelled: readonly Picture[],
  round: { budget: number; videos: number; settings: CompleteSettings },
): { choices: Choice[]; purse: Purse } {
  const { budget, videos, settings } = round;
  const { control, blind, explore, perVideo, perClass, diversity, seed } = settings;
  const purse = new Purse(budget, videoLimit(perVideo, budget, videos));
  const space = spaceOf([...bestFirst, ...labelled]);
  const known = [...labelled];
  const choices = new Map<string, Choice>();
  const isOpen = ({ frameId }: ScoredFrame) => !choices.has(frameId);

  const take = (choice: Choice) => {
    purse.pay(choice.frame);
    known.push(choice.frame);
    choices.set(choice.frame.frameId, choice);
  };
  /** Takes diverse frames of a pool until the arm has spent its share. */
  const takeDiverse = (
    items: readonly ScoredFrame[],
    share: number,
    method: Diversify,
    toChoice: (pick: Pick<ScoredFrame>, novelty: string) => ArmChoice,
  ) => {
    let left = share;
    if (left < 1) return;
    const allowed = (item: ScoredFrame) => item.cost <= left && purse.canPay(item);
    for (const pick of method({ items, seeds: [...known], space, seed, allowed })) {
      const novelty = describeNovelty(pick.distance, space);
      take({ frame: pick.item, novelty: Math.min(pick.distance, 1), ...toChoice(pick, novelty) });
      left -= pick.item.cost;
      if (left < 1) return;
    }
  };

  let forControl = Math.round(control * budget);
  const controls: ScoredFrame[] = [];
  for (const frame of inSeededOrder(bestFirst, `${seed}:control`)) {
    if (forControl < 1) break;
    if (frame.cost > forControl || !purse.canPay(frame)) continue;
    forControl -= frame.cost;
    controls.push(frame);
    take({ frame, arm: 'control', reason: `drawn at random; ${frame.boxes}` });
  }
  const blinds = Math.round(blind * controls.length);
  for (const { frameId } of inSeededOrder(controls, `${seed}:blind`).slice(0, blinds)) {
    choices.get(frameId)!.blind = true;
  }

  // A random pool, not the whole footage: the distances to everything labelled would take too long.
  const unseen = bestFirst.filter((frame) => frame.seesNothing && isOpen(frame));
  const explorePool = inSeededOrder(unseen, `${seed}:explore`).slice(0, POOL_FACTOR * budget);
  // Rounded up beside the control share, it could take what the classes were promised.
  const promised = Object.values(perClass).reduce((sum, share) => sum + portion(share, budget), 0);
  const forExplore = Math.min(Math.round(explore * budget), purse.left - promised);
  takeDiverse(explorePool, forExplore, kCenter, (pick, novelty) => ({
    arm: 'explore',
    reason: `${pick.item.boxes}; ${novelty}`,
  }));

  for (const [label, share] of Object.entries(perClass).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const showing = ({ shows }: ScoredFrame) => shows.includes(label);
    const have = [...choices.values()].reduce((sum, { frame }) => sum + (showing(frame) ? frame.cost : 0), 0);
    const lacking = portion(share, budget) - have;
    const pool = poolByScore(
      bestFirst.filter((frame) => showing(frame) && isOpen(frame)),
      POOL_FACTOR * lacking,
      purse,
    );
    takeDiverse(pool, lacking, diversifiers[diversity], (pick, novelty) => ({
      arm: 'chosen',
      reason: describe(pick.item, `for the share of ${label}`, novelty),
    }));
  }

  for (let before = Infinity; purse.left >= 1 && purse.left < before;) {
    before = purse.left;
    const open = bestFirst.filter((frame) => isOpen(frame) && purse.canPay(frame));
    const worth = open.reduce((sum, { cost }) => sum + cost, 0);
    // Of little footage the better half, lest a pool of everything leaves the scores nothing to say.
    const size = Math.min(POOL_FACTOR * budget, Math.max(purse.left, Math.ceil(worth / 2)));
    takeDiverse(poolByScore(open, size, purse), purse.left, diversifiers[diversity], (pick, novelty) => ({
      arm: 'chosen',
      reason: describe(pick.item, novelty),
    }));
  }
  return { choices: [...choices.values()], purse };
}

type ArmChoice = Omit<Choice, 'frame'>;

const describe = ({ boxes, merits }: ScoredFrame, ...more: string[]) => [boxes, ...merits, ...more].join(', ');

/**
 * What one video may take of the budget. Without a setting a fifth, and twice an equal share at least: with a few videos
 * a fifth would be an equal share or less, and nothing would be left to choose between a good video and a bad one.
 */
function videoLimit(perVideo: number | undefined, budget: number, videos: number): number {
  const equal = 1 / Math.max(videos, 1);
  const share = perVideo ?? Math.min(1, Math.max(0.2, 2 * equal));
  return Math.max(portion(share, budget), Math.ceil(equal * budget));
}

/** The small summand: 0.29 * 100 is a little less than 29 in floating point. */
const portion = (share: number, budget: number) => Math.floor(share * budget + 1e-9);

/** The first frames that are worth `size` together; of one video at most as much in proportion, lest it fills the pool alone. */
function poolByScore(bestFirst: readonly ScoredFrame[], size: number, { perVideo, budget }: Purse): ScoredFrame[] {
  const purse = new Purse(size, Math.ceil((perVideo / budget) * size));
  return bestFirst.filter((frame) => {
    if (purse.left < 1 || !purse.canPay(frame)) return false;
    purse.pay(frame);
    return true;
  });
}

/** A shuffle that depends on nothing but the seed and the frameIds. */
function inSeededOrder(frames: readonly ScoredFrame[], seed: string): ScoredFrame[] {
  return frames
    .map((frame) => ({ frame, key: sha256(`${seed}:${frame.frameId}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ frame }) => frame);
}
