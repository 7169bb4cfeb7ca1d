import { reversed, type BoxChange } from './changes.js';

/** Something a person did on one frame. */
export interface Step {
  frame: number;
  changes: BoxChange[];
}

/** More steps than anyone takes back. */
const limit = 1000;

/** What was done, to be undone and done again. Following steps with the same `together` count as one. */
export class History {
  private readonly done: (Step & { together?: string | undefined })[] = [];
  private undone: Step[] = [];

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  add(step: Step, together?: string): void {
    this.undone = [];
    const last = this.done.at(-1);
    if (together !== undefined && last?.together === together && last.frame === step.frame) {
      for (const { key, before, after } of step.changes) {
        const earlier = last.changes.find((change) => change.key === key);
        if (earlier === undefined) last.changes.push({ key, before, after });
        else earlier.after = after;
      }
      return;
    }
    this.done.push({ ...step, together });
    if (this.done.length > limit) this.done.shift();
  }

  /** What has to be applied to take the last step back. */
  undo(): Step | undefined {
    const step = this.done.pop();
    if (step === undefined) return undefined;
    this.undone.push(step);
    return { frame: step.frame, changes: reversed(step.changes) };
  }

  redo(): Step | undefined {
    const step = this.undone.pop();
    if (step === undefined) return undefined;
    this.done.push({ frame: step.frame, changes: step.changes });
    return step;
  }

  /** The next step begins a new entry, whatever it belongs to. */
  separate(): void {
    const last = this.done.at(-1);
    if (last !== undefined) last.together = undefined;
  }
}
