import { sha256 } from '../common/files.js';
import type { Candidate, SelectedFrame } from '../common/types.js';
import { farthestFirst, type Item } from './diversify.js';
import { HashIndex } from './hash-index.js';
import { parseHash, type HashBits } from './perceptual-hash.js';
import { describeBoxes, describeNovelty } from './reason.js';
import { Rejections } from './rejections.js';
import { uncertainty } from './scores/uncertainty.js';
import { withDefaults, type SelectionSettings } from './settings.js';
import { VideoQuota } from './video-quota.js';

/** What selection needs to know of a frame that went to people in an earlier round. */
export interface LabelledFrame {
  frameId: string;
  perceptualHash: string;
}

/** The frames for people, sorted by frameId, and how many of the others were left out for which reason. */
export interface Selection {
  selected: SelectedFrame[];
  rejected: { reason: string; count: number }[];
}

interface Scored extends Item {
  candidate: Candidate;
}

/** The diversity step looks at the best 4 x budget frames only (`budget_expand_ratio` of PPAL, CVPR 2024). */
const POOL_FACTOR = 4;

/**
 * Chooses the frames of a round. Pure, and the same for the same input in any order.
 *
 * With the strategy `uncertainty` and a budget: frames that look like a labelled frame or like a better frame of the
 * round go; a random control share is drawn first, from all that is left, so that it is a fair sample of the footage;
 * then the explore share from the frames without detections; what remains of the budget is chosen for diversity from
 * the most uncertain frames. Frames labelled before are never selected again, by any strategy.
 *
 * Throws `SELECTION_BAD_SETTINGS` and, where hashes are compared, `SELECTION_BAD_HASH`.
 */
export function selectFrames(
  candidates: readonly Candidate[],
  labelled: readonly LabelledFrame[],
  settings: SelectionSettings,
): Selection {
  const { strategy, budget, requireDetections, ...rest } = withDefaults(settings);
  const rejections = new Rejections();
  const labelledIds = new Set(labelled.map((frame) => frame.frameId));
  const open = [...candidates]
    .sort((a, b) => byFrameId(a, b) || (a.sha256 < b.sha256 ? -1 : 1))
    .filter((candidate, i, sorted) => {
      if (sorted[i - 1]?.frameId === candidate.frameId) return rejections.add('sampled twice');
      if (labelledIds.has(candidate.frameId)) return rejections.add('labelled in an earlier round');
      if (requireDetections && candidate.detections.length === 0) return rejections.add('no detections');
      return true;
    });
  const selected =
    strategy === 'interval' || budget === undefined
      ? open.map((candidate) => select(candidate, 'all', `every sampled frame; ${describeBoxes(candidate)}`))
      : selectWithinBudget(open, labelled, { budget, ...rest }, rejections);
  return { selected: selected.sort(byFrameId), rejected: rejections.list() };
}

interface BudgetSettings {
  budget: number;
  control: number;
  explore: number;
  perVideo: number;
  minHammingDistance: number;
  seed: string;
}

function selectWithinBudget(
  candidates: readonly Candidate[],
  labelled: readonly LabelledFrame[],
  { budget, control, explore, perVideo, minHammingDistance, seed }: BudgetSettings,
  rejections: Rejections,
): SelectedFrame[] {
  const scored = candidates.map((candidate): Scored => ({
    candidate,
    frameId: candidate.frameId,
    videoKey: candidate.videoKey,
    hash: parseHash(candidate.perceptualHash, candidate.frameId),
    score: uncertainty(candidate),
  }));
  const known = distinctHashes(labelled);
  const distinct = withoutNearDuplicates(scored, known, minHammingDistance, rejections);

  const manyVideos = new Set(candidates.map((candidate) => candidate.videoKey)).size > 1;
  // The small summand: 0.29 * 100 is a little less than 29 in floating point.
  const quota = new VideoQuota(manyVideos ? Math.max(1, Math.floor(perVideo * budget + 1e-9)) : budget);
  const selected: SelectedFrame[] = [];
  const taken = new Set<string>();
  const take = (item: Scored, arm: SelectedFrame['arm'], reason: string) => {
    taken.add(item.frameId);
    known.push(item.hash);
    selected.push(select(item.candidate, arm, reason, item.score));
  };
  const isOpen = (item: Scored) => !taken.has(item.frameId);

  const controls = Math.round(control * budget);
  for (const item of inSeededOrder(distinct, `${seed}:control`)) {
    if (selected.length >= controls) break;
    if (quota.claim(item.videoKey)) take(item, 'control', `drawn at random; ${describeBoxes(item.candidate)}`);
  }

  // A random pool, not the whole footage: the distances to everything labelled would take too long.
  const explores = Math.min(Math.round(explore * budget), budget - selected.length);
  const unseen = distinct.filter((item) => isOpen(item) && item.candidate.detections.length === 0);
  const explorePool = inSeededOrder(unseen, `${seed}:explore`).slice(0, POOL_FACTOR * budget);
  for (const pick of farthestFirst(explorePool, known, explores, (item) => quota.claim(item.videoKey))) {
    take(pick.item, 'explore', `${describeBoxes(pick.item.candidate)}; ${describeNovelty(pick.distance)}`);
  }

  const pool = poolByScore(distinct.filter(isOpen), POOL_FACTOR * budget, POOL_FACTOR * quota.limit);
  const remaining = budget - selected.length;
  for (const pick of farthestFirst(pool, known, remaining, (item) => quota.claim(item.videoKey))) {
    take(pick.item, 'chosen', `${describeBoxes(pick.item.candidate)}, ${describeNovelty(pick.distance)}`);
  }

  for (const item of distinct.filter(isOpen)) {
    rejections.add(
      quota.isFull(item.videoKey) && manyVideos ? 'its video has its share of the budget' : 'beyond the budget',
    );
  }
  return selected;
}

/** Keeps of each group of look-alikes the frame with the highest score, best first. */
function withoutNearDuplicates(
  scored: readonly Scored[],
  labelled: readonly HashBits[],
  minDistance: number,
  rejections: Rejections,
): Scored[] {
  const before = new HashIndex(minDistance);
  labelled.forEach((hash) => before.add(hash));
  const inRound = new HashIndex(minDistance);
  return [...scored]
    .sort((a, b) => b.score - a.score || byFrameId(a, b))
    .filter((item) => {
      if (before.hasNear(item.hash)) return rejections.add('near duplicate of a labelled frame');
      if (inRound.hasNear(item.hash)) return rejections.add('near duplicate in the round');
      inRound.add(item.hash);
      return true;
    });
}

function distinctHashes(labelled: readonly LabelledFrame[]): HashBits[] {
  const frames = new Map(labelled.map((frame) => [frame.perceptualHash.toLowerCase(), frame.frameId]));
  return [...frames].map(([hash, frameId]) => parseHash(hash, frameId));
}

/** The first `size` of the frames, which come best first; of one video at most `perVideo`, lest it fills the pool alone. */
function poolByScore(bestFirst: readonly Scored[], size: number, perVideo: number): Scored[] {
  const quota = new VideoQuota(perVideo);
  const pool: Scored[] = [];
  for (const item of bestFirst) {
    if (pool.length >= size) break;
    if (quota.claim(item.videoKey)) pool.push(item);
  }
  return pool;
}

/** A shuffle that depends on nothing but the seed and the frameIds. */
function inSeededOrder(items: readonly Scored[], seed: string): Scored[] {
  return items
    .map((item) => ({ item, key: sha256(`${seed}:${item.frameId}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}

function select(
  candidate: Candidate,
  arm: SelectedFrame['arm'],
  reason: string,
  score = uncertainty(candidate),
): SelectedFrame {
  return { ...candidate, arm, score, reason };
}

function byFrameId(a: { frameId: string }, b: { frameId: string }): number {
  return a.frameId < b.frameId ? -1 : a.frameId > b.frameId ? 1 : 0;
}
