import { NativeConnection } from '@temporalio/worker';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutClip } from '../helpers/cli.js';
import { freePort, startTemporal, temporaryFolder, type Program } from '../helpers/programs.js';
import '../helpers/workflow-environment.js';
import { annotationFaults } from './faults/annotation.js';
import { doubleFaults } from './faults/doubles.js';
import { labelWaitFault } from './faults/label-wait.js';
import { partitionFaults } from './faults/partition.js';
import { resourceFaults } from './faults/resources.js';
import { serverFaults } from './faults/server.js';
import { workerFaults } from './faults/worker.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { printRecords, repetitions } from './records.js';
import { emptyRecord, Trial, type Fault, type FaultRecord } from './trial.js';

/** Some wait for a silence of half a minute to be noticed: they come first, and others use the time. */
const faults: Fault[] = [
  ...partitionFaults,
  ...workerFaults,
  ...annotationFaults,
  ...serverFaults,
  ...resourceFaults,
  ...doubleFaults,
  labelWaitFault,
];
const calmNamespace = 'undisturbed';
const records = new Map<string, FaultRecord>();

let folder: string;
let remove: () => Promise<void>;
let server: Program;
let address: string;
let held: NativeConnection;
let clip: string;
let undisturbed: Outcome;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder('faults'));
  const port = await freePort();
  address = `127.0.0.1:${port}`;
  const namespaces = [calmNamespace, ...faults.map(({ id }) => id)];
  server = await startTemporal(undefined, port, namespaces);
  // The SDK's runtime goes with what used it last, and a replay that begins at that moment fails: faults replay beside each
  // other, so something uses it all the time.
  held = await NativeConnection.connect({ address });
  clip = await cutClip(path.join(folder, 'clip.mp4'), 'day', 0, 15);
  undisturbed = await playCalmly();
});
afterAll(async () => {
  printRecords(records);
  await held?.close();
  await server?.stop();
  await remove?.();
});

/** What comes of a round that nothing disturbs: the measure for all others. */
async function playCalmly(): Promise<Outcome> {
  const trial = new Trial(0, { address, namespace: calmNamespace, clip }, [], emptyRecord());
  try {
    const rig = await trial.rig();
    rig.startWorker();
    const result = await rig.reviewAndFinish(await rig.startRound());
    expect(result.frames.sampled).toBeGreaterThan(25);
    expect(result.dataset?.frames).toBeGreaterThan(5);
    return await outcomeOf(rig);
  } finally {
    await trial.end();
  }
}

describe.concurrent('what goes wrong', () => {
  for (const fault of faults) {
    it(`loses and doubles nothing: ${fault.title}`, { timeout: repetitions * 900_000 }, async ({ skip }) => {
      const why = await fault.impossible?.();
      if (why !== undefined) skip(why);
      const record = emptyRecord();
      records.set(fault.title, record);
      for (let run = 0; run < repetitions; run += 1) {
        const trial = new Trial(run, { address, namespace: fault.id, clip }, undisturbed, record);
        try {
          await fault.play(trial);
        } finally {
          await trial.end();
        }
      }
    });
  }
});
