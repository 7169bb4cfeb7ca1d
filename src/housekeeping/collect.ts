import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/index.js';
import { systemErrorCode } from '../common/errors.js';
import type { LoadedConfig } from '../config/index.js';
import { candidatesInUse, frameIdOf, takeInventory } from './inventory.js';
import { planCollection, type CollectionPlan, type Disposable } from './plan.js';

/** What would go now. Changes nothing. */
export async function planGarbage(
  { paths, storage }: Pick<LoadedConfig, 'paths' | 'storage'>,
  catalog: Catalog,
  nowMs = Date.now(),
): Promise<CollectionPlan> {
  const inventory = await catalog.housekeeping.inventory();
  const { disposables, totalBytes } = await takeInventory(paths, inventory, nowMs);
  const { keep_videos: video, keep_candidates: candidates, keep_rounds: round, max_size: maxBytes } = storage;
  return planCollection(disposables, { keepSeconds: { video, candidates, round }, maxBytes }, totalBytes);
}

/**
 * Removes what was planned, unless a round has taken it up since: that is looked at again for each. May be killed at any
 * moment; another call goes on.
 *
 * @returns what was left, since it is needed now
 */
export async function collectGarbage(
  plan: CollectionPlan,
  catalog: Catalog,
  onCollected: (item: Disposable) => void = () => undefined,
): Promise<Disposable[]> {
  const left: Disposable[] = [];
  for (const item of plan.collect) {
    if (await collect(item, catalog)) onCollected(item);
    else left.push(item);
  }
  return left;
}

async function collect({ kind, name, files }: Disposable, catalog: Catalog): Promise<boolean> {
  const { housekeeping } = catalog;
  const removeAll = async () => {
    for (const file of files) await rm(file, { recursive: true, force: true });
  };
  if (kind === 'video') return housekeeping.removeVideo(name, removeAll);
  if (await candidatesInUse(await catalog.roundsInState('running'))) return false;
  if (kind === 'round') return housekeeping.removeRoundFiles(name, removeAll);
  const byFrame = new Map<string, string[]>();
  for (const file of files) {
    const frameId = frameIdOf(path.basename(file), name);
    if (frameId !== undefined) byFrame.set(frameId, [...(byFrame.get(frameId) ?? []), file]);
  }
  let removed = 0;
  await housekeeping.removeCandidates(name, [...byFrame.keys()], async (frameIds) => {
    removed += frameIds.length;
    const gone = frameIds.flatMap((id) => byFrame.get(id) ?? []);
    for (const file of gone) await rm(file, { force: true });
    for (const folder of new Set(gone.map((file) => path.dirname(file)))) await removeIfEmpty(folder);
  });
  return removed > 0;
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}
