import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import { until } from '../helpers/programs.js';
import { compare, outcomeOf, processesIn, type Outcome } from './outcome.js';
import { replayAll } from './replay.js';
import { patience, Rig, type RigOptions } from './rig.js';

/** What is reported of a fault, over all its runs. */
export interface FaultRecord {
  runs: number;
  kills: number;
  partitions: number;
  /** Histories that this fault left, each of which replays, and the number of events of the longest. */
  histories: number;
  longest: number;
  lost: number;
  doubled: number;
}

export const emptyRecord = (): FaultRecord => ({
  ...{ runs: 0, kills: 0, partitions: 0, histories: 0, longest: 0, lost: 0, doubled: 0 },
});

/** One fault of the suite. */
export interface Fault {
  /** Also the name of its Temporal namespace. */
  id: string;
  title: string;
  play: (trial: Trial) => Promise<void>;
  /** Why it cannot be played on this machine; undefined where it can. */
  impossible?: () => Promise<string | undefined>;
}

/** One run of a fault: what it starts is ended after it, what comes of it is counted. */
export class Trial {
  private readonly cleanUps: (() => Promise<unknown>)[] = [];
  private readonly began = new Date().toISOString();

  constructor(
    /** Random numbers may depend on it, so that runs differ. */
    readonly run: number,
    private readonly usual: RigOptions,
    readonly undisturbed: Outcome,
    readonly record: FaultRecord,
  ) {
    record.runs += 1;
  }

  get clip(): string {
    return this.usual.clip;
  }

  async rig(options: Partial<RigOptions> = {}): Promise<Rig> {
    const rig = await Rig.start({ ...this.usual, ...options });
    this.after(() => rig.stop());
    return rig;
  }

  /** Its Temporal server and namespace, for faults that need no host. */
  server(): { address: string; namespace: string; client: Client } {
    const { address, namespace } = this.usual;
    const connection = Connection.lazy({ address });
    this.after(() => connection.close());
    return { address, namespace, client: new Client({ connection, namespace }) };
  }

  after(cleanUp: () => Promise<unknown>): void {
    this.cleanUps.push(cleanUp);
  }

  /** In the middle of the video: a moment that differs from run to run, the same for everybody who repeats the run. */
  get frame(): number {
    return 3 + ((this.run * 7) % 20);
  }

  killed(): void {
    this.record.kills += 1;
  }

  parted(): void {
    this.record.partitions += 1;
  }

  /** Nothing may be lost or doubled in comparison with a run that nothing disturbed, and nothing may be left over. */
  async judge(rig: Rig, options: { undisturbed?: Outcome; files?: string; only?: RegExp } = {}): Promise<void> {
    const { undisturbed = this.undisturbed, only = /(?:)/ } = options;
    const wanted = undisturbed.filter((line) => only.test(line));
    const actual = (await outcomeOf(rig, options.files)).filter((line) => only.test(line));
    const { lost, doubled } = compare(wanted, actual);
    this.record.lost += lost.length;
    this.record.doubled += doubled.length;
    expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    const { histories, longest } = await replayAll(rig.client, `StartTime >= '${this.began}'`);
    this.record.histories += histories;
    this.record.longest = Math.max(this.record.longest, longest);
    await rig.halt();
    await until('all programs to have ended', async () => (await processesIn(rig.folder)).length === 0, patience);
  }

  async end(): Promise<void> {
    for (const cleanUp of this.cleanUps.reverse()) await cleanUp();
  }
}
