import { createHash } from 'node:crypto';
import path from 'node:path';
import type {
  WireChanges,
  WireDataset,
  WireDatasetFrame,
  WireDatasetFrames,
  WireDatasetRound,
  WireSplit,
} from '../../wire.js';
import { fileCache, parseLines, type PipelineFolders } from './pipeline.js';

/** What we read of a line of the dataset's manifest. */
interface ManifestLine {
  frameId: string;
  videoKey: string;
  split: WireSplit;
  width: number;
  height: number;
  boxes: WireDatasetFrame['boxes'];
  change: WireChanges;
  provenance: { round: string; reason?: string };
}

interface Manifest {
  statistics: WireDataset;
  frames: WireDatasetFrame[];
  byId: Map<string, WireDatasetFrame>;
}

/** The dataset as the page shows it, from its manifest. */
export class Dataset {
  private readonly manifest = fileCache(1, readManifest);

  constructor(private readonly folders: PipelineFolders) {}

  async statistics(): Promise<WireDataset> {
    return (await this.read())?.statistics ?? readManifest('').statistics;
  }

  /** A part of the frames, newest round first. */
  async frames(filter: { split?: string; label?: string; offset: number; limit: number }): Promise<WireDatasetFrames> {
    const frames = ((await this.read())?.frames ?? []).filter(
      ({ split, boxes }) =>
        split === (filter.split ?? split) &&
        (filter.label === undefined || boxes.some(({ label }) => label === filter.label)),
    );
    return { count: frames.length, frames: frames.slice(filter.offset, filter.offset + filter.limit) };
  }

  /** The file of a frame; undefined for a name that the manifest does not hold, so that no name becomes a path. */
  async picture(frameId: string): Promise<string | undefined> {
    const frame = (await this.read())?.byId.get(frameId);
    if (frame === undefined) return undefined;
    return path.join(this.folders.dataset, 'images', frame.split, `${path.basename(frame.frameId)}.jpg`);
  }

  private read(): Promise<Manifest | undefined> {
    return this.manifest(path.join(this.folders.dataset, 'manifest.jsonl'));
  }
}

function readManifest(text: string): Manifest {
  const lines = parseLines<ManifestLine>(text);
  const frames = lines.map(({ frameId, split, width, height, boxes, provenance }) => ({
    ...{ frameId, split, width, height, boxes },
    round: provenance.round,
    reason: provenance.reason ?? null,
  }));
  // The ids of rounds begin with the time, so they sort by it.
  frames.sort((a, b) => (a.round === b.round ? (a.frameId < b.frameId ? -1 : 1) : a.round < b.round ? 1 : -1));
  const version = text === '' ? null : createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { statistics: describe(lines, version), frames, byId: new Map(frames.map((frame) => [frame.frameId, frame])) };
}

const bySplit = <Value>(make: () => Value): Record<WireSplit, Value> => ({ train: make(), val: make(), test: make() });

function describe(lines: readonly ManifestLine[], version: string | null): WireDataset {
  const splits = bySplit(() => ({ frames: 0, boxes: 0, videos: new Set<string>() }));
  const classes = new Map<string, { boxes: number; frames: number; bySplit: Record<WireSplit, number> }>();
  const rounds = new Map<string, WireDatasetRound>();
  for (const { split, videoKey, boxes, change, provenance } of lines) {
    splits[split].frames += 1;
    splits[split].boxes += boxes.length;
    splits[split].videos.add(videoKey);
    for (const { label } of boxes) {
      const entry = entryOf(classes, label, () => ({ boxes: 0, frames: 0, bySplit: bySplit(() => 0) }));
      entry.boxes += 1;
      entry.bySplit[split] += 1;
    }
    for (const label of new Set(boxes.map((box) => box.label))) (classes.get(label) as { frames: number }).frames += 1;
    const id = provenance.round;
    const round = entryOf(rounds, id, () => ({
      ...{ id, frames: 0, boxes: 0, bySplit: bySplit(() => 0) },
      changes: { kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 },
    }));
    round.frames += 1;
    round.boxes += boxes.length;
    round.bySplit[split] += 1;
    for (const key of Object.keys(round.changes) as (keyof WireChanges)[]) round.changes[key] += change[key];
  }
  const part = (split: WireSplit) => ({ ...splits[split], videos: splits[split].videos.size });
  return {
    version,
    frames: lines.length,
    boxes: lines.reduce((sum, { boxes }) => sum + boxes.length, 0),
    videos: new Set(lines.map(({ videoKey }) => videoKey)).size,
    bySplit: { train: part('train'), val: part('val'), test: part('test') },
    classes: [...classes].map(([label, counts]) => ({ label, ...counts })).sort((a, b) => b.boxes - a.boxes),
    rounds: [...rounds.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
