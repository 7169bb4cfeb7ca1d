import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { openCatalog } from '../../src/catalog/index.js';
import { sha256 } from '../../src/common/files.js';
import type { CvatClient } from '../../src/annotation/index.js';
import type { Rig } from './rig.js';

/** Everything that came of the rounds of a host, one line each: what is twice is there twice. */
export type Outcome = string[];

/** Folders of the data folder in which every file counts, and those whose content is the same in every run. */
const folders = ['dataset', 'frames', 'rounds', 'videos'];
const sameContent = /^(dataset|frames|videos)\//;

/** What is in the files, the catalog and the annotation server of a host that rests. */
export async function outcomeOf(rig: Rig, files = rig.data): Promise<Outcome> {
  return [
    ...(await filesOf(files)),
    ...(await candidatesOf(rig)),
    ...(await catalogOf(rig.data)),
    ...(await tasksOf(await rig.cvat())),
  ];
}

async function filesOf(data: string): Promise<Outcome> {
  const lines: Outcome = [];
  for (const folder of folders) {
    const entries = await readdir(path.join(data, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((each) => each.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(data, file);
      lines.push(`file ${name}${sameContent.test(name) ? ` ${sha256(await readFile(file))}` : ''}`);
    }
  }
  return lines;
}

/** Each frame as it was predicted, wherever the data folder is. */
async function candidatesOf({ data, folder }: Rig): Promise<Outcome> {
  const rounds = path.join(data, 'rounds');
  const names = (await readdir(rounds, { recursive: true }).catch(() => [])).filter((name) =>
    /candidates\/.*\.jsonl$/.test(name),
  );
  const texts = await Promise.all(names.map((name) => readFile(path.join(rounds, name), 'utf8')));
  return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => `candidate ${line.replaceAll(folder, '')}`);
}

async function catalogOf(data: string): Promise<Outcome> {
  const catalog = await openCatalog(data);
  try {
    const { videos, frames } = await catalog.summary();
    const counts = [...Object.entries(videos), ...Object.entries(frames)];
    const states = counts.flatMap(([state, count]) => Array.from({ length: count }, () => `in the catalog: ${state}`));
    return [...states, ...(await catalog.rounds()).map(({ state }) => `round ${state}`)];
  } finally {
    await catalog.close();
  }
}

async function tasksOf(cvat: CvatClient): Promise<Outcome> {
  const lines: Outcome = [];
  for (const { id } of await cvat.list<{ id: number }>('/api/tasks')) {
    const { frames } = await cvat.json<{ frames: { name: string }[] }>('GET', `/api/tasks/${id}/data/meta`);
    const { results } = await cvat.json<{ results: { id: number; name: string }[] }>(
      'GET',
      `/api/labels?task_id=${id}&page_size=100`,
    );
    const names = new Map(results.map((label) => [label.id, label.name]));
    const { shapes } = await cvat.json<{ shapes: { frame: number; label_id: number; points: number[] }[] }>(
      'GET',
      `/api/tasks/${id}/annotations`,
    );
    lines.push('task', ...frames.map(({ name }) => `frame of a task: ${name}`));
    lines.push(
      ...shapes.map(
        (box) => `box of a task: ${frames[box.frame]?.name} ${names.get(box.label_id)} ${box.points.join(' ')}`,
      ),
    );
  }
  return lines;
}

/** What an undisturbed run has and this one has not; and what this one has beyond it. */
export function compare(undisturbed: Outcome, actual: Outcome): { lost: Outcome; doubled: Outcome } {
  const left = new Map<string, number>();
  for (const line of undisturbed) left.set(line, (left.get(line) ?? 0) + 1);
  const doubled = actual.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
  const lost = [...left].flatMap(([line, count]) => Array.from({ length: Math.max(0, count) }, () => line));
  return { lost, doubled };
}

/** The processes that work in a folder, whoever started them. Linux only: elsewhere none are seen. */
export async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => ((await readlink(`/proc/${pid}/cwd`).catch(() => '')).startsWith(folder) ? [+pid] : [])),
  );
  return found.flat();
}
