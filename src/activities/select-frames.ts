import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '../catalog/index.js';
import { systemErrorCode } from '../common/errors.js';
import { readJsonLines, toJsonLines, writeFileAtomic } from '../common/files.js';
import type { Candidate } from '../common/types.js';
import { selectFrames as select, type SelectionSettings } from '../selection/index.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import type { RoundReference, SelectionResult } from './types.js';

/** Chooses the frames that go to people and writes them down with their reasons. */
export async function selectFrames(
  resources: Resources,
  { round }: { round: RoundReference },
): Promise<SelectionResult> {
  const plan = await readRoundFile(round.folder);
  const catalog = await resources.catalog(plan.config.paths.data);
  return withHeartbeat(async () => {
    const candidates = plan.config.steps.process_videos.enabled
      ? await candidatesOfRound(round.folder)
      : await leftCandidates(catalog);
    await writeFileAtomic(roundFiles.candidates(round.folder), toJsonLines(candidates));
    const labelled = await catalog.labelledFrames(round.roundId);
    const { selected, rejected } = select(candidates, labelled, settingsOf(plan));
    await writeFileAtomic(roundFiles.selection(round.folder), toJsonLines(selected));
    await catalog.recordSelection(round.roundId, selected);
    return { candidates: candidates.length, selected: selected.length, rejected };
  });
}

/** Without a `selection` block every sampled frame goes to the people, as the plain pipeline does. */
function settingsOf({ config }: RoundFile): SelectionSettings {
  if (!config.selection) return { strategy: 'interval' };
  const { strategy, budget, require_detections, control, explore, per_video, seed } = config.selection;
  return { strategy, budget, requireDetections: require_detections, control, explore, perVideo: per_video, seed };
}

/** What the VideoWorkflows of this round left, sorted by frame. */
async function candidatesOfRound(folder: string): Promise<Candidate[]> {
  const parts = path.join(folder, 'candidates');
  let names: string[];
  try {
    names = (await readdir(parts)).filter((name) => name.endsWith('.jsonl'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const candidates: Candidate[] = [];
  for (const name of names) candidates.push(...(await readJsonLines<Candidate>(path.join(parts, name))));
  return sortByFrame(candidates);
}

/** With processing switched off: what earlier rounds sampled and nobody sent to people. */
async function leftCandidates(catalog: Catalog): Promise<Candidate[]> {
  const byRound = new Map<string, Set<string>>();
  for (const { frameId, roundId } of await catalog.leftCandidates()) {
    byRound.set(roundId, (byRound.get(roundId) ?? new Set()).add(frameId));
  }
  const candidates: Candidate[] = [];
  for (const [roundId, frameIds] of byRound) {
    const row = await catalog.round(roundId);
    if (!row) continue;
    candidates.push(...(await candidatesOfRound(row.folder)).filter(({ frameId }) => frameIds.has(frameId)));
  }
  return sortByFrame(candidates);
}

function sortByFrame(candidates: Candidate[]): Candidate[] {
  return candidates.sort((a, b) => (a.frameId < b.frameId ? -1 : a.frameId > b.frameId ? 1 : 0));
}
