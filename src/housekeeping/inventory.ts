import { existsSync } from 'node:fs';
import path from 'node:path';
import { readRoundFile, roundFiles } from '../activities/round-file.js';
import type { CatalogInventory } from '../catalog/index.js';
import { PipelineError } from '../common/errors.js';
import { readJsonLines } from '../common/files.js';
import type { LoadedConfig } from '../config/index.js';
import { partialFolder } from '../video/index.js';
import { measure, namesIn, together } from './files.js';
import type { Disposable } from './plan.js';

type Paths = LoadedConfig['paths'];

/** What nothing needs, and the size of everything. */
export async function takeInventory(
  paths: Paths,
  catalog: CatalogInventory,
  nowMs: number,
): Promise<{ disposables: Disposable[]; totalBytes: number }> {
  const age = (changedMs: number) => Math.max(0, (nowMs - changedMs) / 1000);
  const keepCandidates = await candidatesInUse(catalog.rounds);
  const inTasks = await framesInTasks(catalog);
  const disposables: Disposable[] = [];

  for (const [name, files] of await videoFiles(paths.downloads, catalog)) {
    const { sizeBytes, changedMs } = together(await Promise.all(files.map((file) => measure(file))));
    disposables.push({ kind: 'video', name, files, sizeBytes, ageSeconds: age(changedMs) });
  }
  if (!keepCandidates) {
    for (const name of await namesIn(paths.output)) {
      const files = await rejectedFrames(path.join(paths.output, name), name, catalog, inTasks);
      if (files.length === 0) continue;
      const { sizeBytes, changedMs } = together(await Promise.all(files.map((file) => measure(file))));
      disposables.push({ kind: 'candidates', name, files, sizeBytes, ageSeconds: age(changedMs) });
    }
  }
  for (const round of catalog.rounds) {
    const files = round.open ? [] : roundRemains(paths.data, round, keepCandidates);
    if (files.length === 0) continue;
    const { sizeBytes } = together(await Promise.all(files.map((file) => measure(file))));
    disposables.push({ kind: 'round', name: round.id, files, sizeBytes, ageSeconds: age(Date.parse(round.ended)) });
  }
  return { disposables, totalBytes: await totalSize(paths) };
}

/**
 * Videos that we downloaded or converted, and what a killed worker left half done of either: files of a video that no open
 * round has. What we do not know is not ours.
 */
async function videoFiles(downloads: string, { videos }: CatalogInventory): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  const add = (key: string, file: string) => {
    const video = videos.get(key);
    if (!video || video.state === 'claimed' || video.inOpenRound) return;
    files.set(key, [...(files.get(key) ?? []), file]);
  };
  for (const name of await namesIn(downloads)) {
    // Names of half-written files begin with a dot.
    const [, key] = /^\.?([^.]+)\./.exec(name) ?? [];
    if (key !== undefined) add(key, path.join(downloads, name));
  }
  const unfinished = partialFolder(downloads);
  for (const key of await namesIn(unfinished)) add(key, path.join(unfinished, key));
  return files;
}

/** Pictures of a video that went to nobody, of rounds that are over; those of unknown origin too, such as half a write. */
async function rejectedFrames(
  folder: string,
  videoKey: string,
  { videos, frames }: CatalogInventory,
  inTasks: ReadonlySet<string>,
): Promise<string[]> {
  const video = videos.get(videoKey);
  if (!video || video.state === 'claimed') return [];
  return (await namesIn(folder))
    .filter((name) => {
      const frameId = frameIdOf(name, videoKey);
      if (frameId === undefined || inTasks.has(frameId)) return false;
      const frame = frames.get(frameId);
      return frame ? frame.disposable : !video.inOpenRound;
    })
    .map((name) => path.join(folder, name));
}

/** The frame whose picture, or half-written picture, a file is; undefined for files of others. */
export function frameIdOf(name: string, videoKey: string): string | undefined {
  const [, frameId] = /^\.?([\w-]+_\d{9,})(?:\.[\w-]+\.tmp)?\.jpg$/.exec(name) ?? [];
  return frameId?.startsWith(`${videoKey}_`) ? frameId : undefined;
}

/** Frames that were sent to people or came back from them: `dataset build` and the reports read their pictures. */
async function framesInTasks({ rounds }: CatalogInventory): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { folder, open } of rounds) {
    if (!existsSync(roundFiles.selection(folder))) continue;
    if (!open && !existsSync(roundFiles.annotations(folder))) continue;
    for (const { frameId } of await readJsonLines<{ frameId: string }>(roundFiles.selection(folder))) ids.add(frameId);
  }
  return ids;
}

/** With processing switched off, a running round selects among what earlier ones left. */
export async function candidatesInUse(rounds: readonly { state: string; folder: string }[]): Promise<boolean> {
  for (const { state, folder } of rounds) {
    if (state !== 'running') continue;
    try {
      const { config } = await readRoundFile(folder);
      if (!config.steps.process_videos.enabled) return true;
    } catch (error) {
      // Not planned yet: who knows what it will do.
      if (!(error instanceof PipelineError)) throw error;
      return true;
    }
  }
  return false;
}

/**
 * Of a round that brought labels home, or made a selection that somebody may want to see, the candidates; of one that
 * came to nothing, all.
 */
function roundRemains(data: string, { folder }: { folder: string }, keepCandidates: boolean): string[] {
  const isOurs = path.dirname(folder) === path.join(data, 'rounds');
  if (!isOurs || keepCandidates || !existsSync(folder)) return [];
  const hasWork = [roundFiles.selection, roundFiles.annotations].some((file) => existsSync(file(folder)));
  if (!hasWork) return [folder];
  const candidates = [path.join(folder, 'candidates'), roundFiles.candidates(folder)];
  return candidates.filter((file) => existsSync(file));
}

async function totalSize({ data, downloads, output, dataset }: Paths): Promise<number> {
  const folders = [...new Set([downloads, output, dataset, path.join(data, 'rounds')])];
  const counted = new Set<string>();
  const sizes = [];
  for (const folder of folders) sizes.push(await measure(folder, counted));
  return together(sizes).sizeBytes;
}
