import { appendFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/index.js';
import { systemErrorCode } from '../common/errors.js';
import { commitFile, readJsonLines, temporaryName, toJsonLines, writeFileAtomic } from '../common/files.js';
import type { Candidate, SelectedFrame } from '../common/types.js';
import { Selector, type Decision, type SelectionSettings } from '../selection/index.js';
import { readExperience } from './experience.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import { count } from './telemetry.js';
import type { RoundReference, SelectionResult } from './types.js';

/** Chooses the frames that go to people and writes them down with their reasons. */
export async function selectFrames(
  resources: Resources,
  { round }: { round: RoundReference },
): Promise<SelectionResult> {
  return withHeartbeat(async (signal) => {
    const plan = await readRoundFile(round.folder);
    const catalog = await resources.catalog(plan.config.paths.data);
    const { selected, ...result } = await chooseFrames(plan, round, catalog, {
      signal,
      candidatesFile: roundFiles.candidates(round.folder),
    });
    await writeFileAtomic(roundFiles.selection(round.folder), toJsonLines(selected));
    await catalog.frames.recordSelection(round.roundId, selected);
    count('frames', selected.length, { outcome: 'selected' });
    return { ...result, selected: selected.length };
  });
}

/**
 * What a round would send to people. Reads the candidates video by video and twice, so that a round may have any number
 * of them: to decide, and to fetch what was decided on.
 *
 * @param options.settings in the place of those of the round
 * @param options.candidatesFile gets all candidates of the round
 */
export async function chooseFrames(
  plan: RoundFile,
  round: RoundReference,
  catalog: Catalog,
  options: { settings?: SelectionSettings; candidatesFile?: string; signal?: AbortSignal } = {},
): Promise<{ candidates: number; selected: SelectedFrame[]; rejected: SelectionResult['rejected'] }> {
  const { signal, candidatesFile, settings = settingsOf(plan) } = options;
  const sources = plan.config.steps.process_videos.enabled
    ? await candidatesOfRound(round.folder)
    : await leftCandidates(catalog);
  const selector = new Selector(settings, await readExperience(catalog, round, plan.model?.sha256));
  const copy = candidatesFile && temporaryName(candidatesFile);
  let count = 0;
  try {
    if (copy) await writeFileAtomic(copy, '');
    for (const read of sources) {
      signal?.throwIfAborted();
      const candidates = await read();
      count += candidates.length;
      selector.addVideo(candidates);
      if (copy) await appendFile(copy, toJsonLines(candidates));
    }
    if (copy) await commitFile(copy, candidatesFile);
  } finally {
    if (copy) await rm(copy, { force: true });
  }
  const { decisions, rejected } = selector.select();
  return { candidates: count, selected: await fetchDecided(sources, decisions), rejected };
}

/** Reads the candidates of one video. */
type ReadCandidates = () => Promise<Candidate[]>;

/** Without a `selection` block every sampled frame goes to the people, as the plain pipeline does. */
export function settingsOf({ config }: RoundFile): SelectionSettings {
  if (!config.selection) return { strategy: 'interval' };
  const { budget_unit, require_detections, per_video, per_class, min_hamming_distance, ...rest } = config.selection;
  return {
    ...rest,
    budgetUnit: budget_unit,
    requireDetections: require_detections,
    perVideo: per_video,
    perClass: per_class,
    minHammingDistance: min_hamming_distance,
  };
}

async function fetchDecided(
  sources: readonly ReadCandidates[],
  decisions: readonly Decision[],
): Promise<SelectedFrame[]> {
  const decided = new Map(decisions.map((decision) => [decision.frameId, decision]));
  const selected: SelectedFrame[] = [];
  for (const read of sources) {
    for (const candidate of await read()) {
      const decision = decided.get(candidate.frameId);
      if (!decision) continue;
      decided.delete(candidate.frameId);
      selected.push({ ...candidate, ...decision });
    }
  }
  return sortByFrame(selected);
}

/** What the VideoWorkflows of this round left, one file per video. */
async function candidatesOfRound(folder: string): Promise<ReadCandidates[]> {
  const parts = path.join(folder, 'candidates');
  try {
    const names = (await readdir(parts)).filter((name) => name.endsWith('.jsonl')).sort();
    return names.map((name) => async () => sortByFrame(await readJsonLines<Candidate>(path.join(parts, name))));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** With processing switched off: what earlier rounds sampled and nobody sent to people. */
async function leftCandidates(catalog: Catalog): Promise<ReadCandidates[]> {
  const byRound = new Map<string, Set<string>>();
  for (const { frameId, roundId } of await catalog.frames.leftCandidates()) {
    byRound.set(roundId, (byRound.get(roundId) ?? new Set()).add(frameId));
  }
  const sources: ReadCandidates[] = [];
  for (const [roundId, frameIds] of byRound) {
    const row = await catalog.round(roundId);
    if (!row) continue;
    for (const read of await candidatesOfRound(row.folder)) {
      sources.push(async () => (await read()).filter(({ frameId }) => frameIds.has(frameId)));
    }
  }
  return sources;
}

function sortByFrame<T extends { frameId: string }>(frames: T[]): T[] {
  return frames.sort((a, b) => (a.frameId < b.frameId ? -1 : a.frameId > b.frameId ? 1 : 0));
}
