/** Files that belong together and that nothing needs any more: they may go, when they are old or room is wanted. */
export interface Disposable {
  kind: 'video' | 'candidates' | 'round';
  /** The key of the video, or the id of the round. */
  name: string;
  /** Absolute paths of files or, of a round, folders. */
  files: string[];
  sizeBytes: number;
  /** Since the last of the files changed, or since the round ended. */
  ageSeconds: number;
}

export interface RetentionPolicy {
  /** Age in seconds from which each kind goes. */
  keepSeconds: Record<Disposable['kind'], number>;
  /** When all that is kept is larger, the oldest go before their time. */
  maxBytes?: number;
}

export interface CollectionPlan {
  collect: (Disposable & { because: 'age' | 'size' })[];
  /** What everything takes before and after. */
  bytes: { before: number; after: number };
  /** Whether it is still more than `maxBytes`: the rest is needed. */
  tooLarge: boolean;
}

/** Chooses what goes, oldest first. `totalBytes` is the size of everything, the needed too. */
export function planCollection(
  disposables: readonly Disposable[],
  policy: RetentionPolicy,
  totalBytes: number,
): CollectionPlan {
  const { keepSeconds, maxBytes = Infinity } = policy;
  const byAge = [...disposables].sort((a, b) => b.ageSeconds - a.ageSeconds);
  const isOld = ({ kind, ageSeconds }: Disposable) => ageSeconds >= keepSeconds[kind];
  const collect: CollectionPlan['collect'] = byAge.filter(isOld).map((each) => ({ ...each, because: 'age' }));
  let after = totalBytes - collect.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const each of byAge.filter((item) => !isOld(item))) {
    if (after <= maxBytes) break;
    collect.push({ ...each, because: 'size' });
    after -= each.sizeBytes;
  }
  return { collect, bytes: { before: totalBytes, after }, tooLarge: after > maxBytes };
}
