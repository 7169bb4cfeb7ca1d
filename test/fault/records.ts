import { table } from '../../src/client/output.js';
import type { FaultRecord } from './trial.js';

/** How often each fault is played: FRAMELOOP_FAULT_RUNS. */
export const repetitions = Number(process.env.FRAMELOOP_FAULT_RUNS || 1);

/** What was tried, and what came of it. */
export function printRecords(records: ReadonlyMap<string, FaultRecord>): void {
  const head = ['FAULT', 'RUNS', 'KILLS', 'PARTITIONS', 'REPLAYED', 'LONGEST', 'LOST', 'DOUBLED'];
  const rows = [...records]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([title, { runs, kills, partitions, histories, longest, lost, doubled }]) => [
      title,
      ...[runs, kills, partitions, histories, longest, lost, doubled].map(String),
    ]);
  console.log(table([head, ...rows]));
}
