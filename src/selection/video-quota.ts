/** How many frames each video may still give. */
export class VideoQuota {
  readonly #used = new Map<string, number>();
  constructor(readonly limit: number) {}

  isFull(videoKey: string): boolean {
    return (this.#used.get(videoKey) ?? 0) >= this.limit;
  }

  /** Uses one place of the video, if it has one left. */
  claim(videoKey: string): boolean {
    if (this.isFull(videoKey)) return false;
    this.#used.set(videoKey, (this.#used.get(videoKey) ?? 0) + 1);
    return true;
  }
}
