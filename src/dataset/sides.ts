import { LookAlikes, type Look } from './near-duplicates.js';
import { assignSplits, type Content, type Group, type SplitShares } from './split.js';
import { SPLITS, type Split } from './types.js';

/** A frame as far as its side depends on it. */
export interface SidedFrame extends Look {
  boxes: readonly { label: string }[];
}

/** Where new frames go. */
export interface Sides {
  /** The side of every video, of the known and the new ones. */
  sides: Map<string, Split>;
  /** Look-alikes of frames on another side: wherever they went, the model would be tested on what it was trained on. */
  refused: { frameId: string; reason: string }[];
}

/**
 * Decides on which side of the dataset new frames lie. Neighbouring frames of a video are nearly the same picture, so a
 * video is on one side as a whole; and so are videos that share pictures (the same match from two channels, a trailer).
 *
 * A video that has a side keeps it for ever. New videos go where the videos are that they share pictures with; where
 * those lie on different sides, to the one with most of the shared pictures. Groups of new videos that share nothing with
 * known ones are shared out by `assignSplits`. A new frame that still looks like one on another side is refused, so that
 * no picture ever lies on two sides. Pure, and the same in whatever order the frames come.
 *
 * Throws `DATASET_BAD_SPLIT`, `PERCEPTUAL_HASH_INVALID`.
 */
export function decideSides(
  existing: readonly (SidedFrame & { split: Split })[],
  added: readonly SidedFrame[],
  shares: SplitShares,
): Sides {
  const known = new Set(existing.map(({ frameId }) => frameId));
  const inOrder = added.filter(({ frameId }) => !known.has(frameId)).sort((a, b) => (a.frameId < b.frameId ? -1 : 1));
  const sides = new Map(existing.map(({ videoKey, split }) => [videoKey, split]));
  const groups = groupNewVideos(existing, inOrder, sides);
  const held: Record<Split, { frames: number; boxes: Map<string, number> }> = {
    train: contentOf(existing.filter(({ split }) => split === 'train')),
    val: contentOf(existing.filter(({ split }) => split === 'val')),
    test: contentOf(existing.filter(({ split }) => split === 'test')),
  };
  const open: Group[] = [];
  for (const { videos, votes } of groups) {
    const side = SPLITS.reduce((most, other) => (votes[other] > votes[most] ? other : most));
    if (votes[side] > 0) for (const video of videos) sides.set(video, side);
    else open.push({ key: videos[0]!, ...contentOf(inOrder.filter(({ videoKey }) => videos.includes(videoKey))) });
  }
  const settled = new Map(sides);
  for (const { videoKey, boxes } of inOrder) {
    const side = settled.get(videoKey);
    if (!side) continue;
    held[side].frames++;
    for (const { label } of boxes) held[side].boxes.set(label, (held[side].boxes.get(label) ?? 0) + 1);
  }
  const assigned = assignSplits(held, open, shares);
  for (const { videos } of groups) {
    const side = assigned.get(videos[0]!);
    if (side) for (const video of videos) sides.set(video, side);
  }
  return { sides, refused: refuseLookAlikes(existing, inOrder, sides) };
}

interface VideoGroup {
  /** Sorted. */
  videos: string[];
  /** Shared pictures with known videos, by their side. */
  votes: Record<Split, number>;
}

/** New videos that share pictures, directly or through others (union-find), and how many they share with each side. */
function groupNewVideos(
  existing: readonly SidedFrame[],
  added: readonly SidedFrame[],
  sides: ReadonlyMap<string, Split>,
): VideoGroup[] {
  const parent = new Map(
    added.filter(({ videoKey }) => !sides.has(videoKey)).map(({ videoKey }) => [videoKey, videoKey]),
  );
  const root = (video: string): string => {
    let at = video;
    while (parent.get(at) !== at) at = parent.get(at)!;
    return at;
  };
  const looks = new LookAlikes<SidedFrame>([...existing, ...added]);
  const votes = new Map<string, Record<Split, number>>();
  for (const frame of added) {
    if (!parent.has(frame.videoKey)) continue;
    for (const other of looks.of(frame)) {
      const side = sides.get(other.videoKey);
      if (side) {
        const cast = votes.get(frame.videoKey) ?? { train: 0, val: 0, test: 0 };
        cast[side]++;
        votes.set(frame.videoKey, cast);
      } else {
        const [low = '', high = ''] = [root(frame.videoKey), root(other.videoKey)].sort();
        parent.set(high, low);
      }
    }
  }
  const groups = new Map<string, VideoGroup>();
  for (const video of [...parent.keys()].sort()) {
    const group = groups.get(root(video)) ?? { videos: [], votes: { train: 0, val: 0, test: 0 } };
    group.videos.push(video);
    for (const side of SPLITS) group.votes[side] += votes.get(video)?.[side] ?? 0;
    groups.set(root(video), group);
  }
  return [...groups.values()];
}

function refuseLookAlikes(
  existing: readonly (SidedFrame & { split: Split })[],
  added: readonly SidedFrame[],
  sides: ReadonlyMap<string, Split>,
): Sides['refused'] {
  const placed = new LookAlikes<SidedFrame>(existing);
  return added.flatMap((frame) => {
    const side = sides.get(frame.videoKey);
    const other = placed.of(frame).find(({ videoKey }) => sides.get(videoKey) !== side);
    if (other) {
      const reason = `looks like ${other.frameId}, which lies in ${sides.get(other.videoKey)} and not in ${side}`;
      return [{ frameId: frame.frameId, reason }];
    }
    placed.add(frame);
    return [];
  });
}

function contentOf(frames: readonly SidedFrame[]): Content & { boxes: Map<string, number> } {
  const boxes = new Map<string, number>();
  for (const frame of frames) for (const { label } of frame.boxes) boxes.set(label, (boxes.get(label) ?? 0) + 1);
  return { frames: frames.length, boxes };
}
