/** What a frame costs. */
export interface Cost {
  videoKey: string;
  /** In the unit of the budget. */
  cost: number;
}

/** The budget of a round, and what each video may take of it. Neither is ever overspent. */
export class Purse {
  #spent = 0;
  readonly #spentOn = new Map<string, number>();

  constructor(
    readonly budget: number,
    readonly perVideo: number,
  ) {}

  get left(): number {
    return this.budget - this.#spent;
  }

  /** Whether no frame of the video could be paid for any more. */
  isVideoFull(videoKey: string): boolean {
    return this.#leftFor(videoKey) < 1;
  }

  canPay({ videoKey, cost }: Cost): boolean {
    return cost <= this.left && cost <= this.#leftFor(videoKey);
  }

  pay({ videoKey, cost }: Cost): void {
    this.#spent += cost;
    this.#spentOn.set(videoKey, (this.#spentOn.get(videoKey) ?? 0) + cost);
  }

  #leftFor(videoKey: string): number {
    return this.perVideo - (this.#spentOn.get(videoKey) ?? 0);
  }
}

/** The small summand: 0.29 * 100 is a little less than 29 in floating point. */
export const portion = (share: number, budget: number) => Math.floor(share * budget + 1e-9);
