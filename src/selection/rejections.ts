/** Counts why frames were left out: a round that selects little must say why. */
export class Rejections {
  readonly #counts = new Map<string, number>();

  /** Returns false, so that a filter can say why in the same breath. */
  add(reason: string): false {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    return false;
  }

  list(): { reason: string; count: number }[] {
    return [...this.#counts]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }
}
