import { HashIndex } from '../common/hash-index.js';
import { isTelling, parseHash } from '../common/perceptual-hash.js';

/** Frames whose 64-bit hashes differ in fewer bits show the same picture: as strict as the selection is by default. */
const NEAR_DUPLICATE_BITS = 4;

/** The least that is needed to tell whether frames look alike. */
export interface Look {
  frameId: string;
  videoKey: string;
  perceptualHash: string;
}

/**
 * Finds frames that look like another one. Pictures without contents look like each other and are nobody's duplicates:
 * else one black frame would tie all videos together.
 */
export class LookAlikes<T extends Look> {
  readonly #index = new HashIndex<T>(NEAR_DUPLICATE_BITS);

  constructor(frames: Iterable<T> = []) {
    for (const frame of frames) this.add(frame);
  }

  add(frame: T): void {
    const hash = parseHash(frame.perceptualHash, frame.frameId);
    if (isTelling(hash)) this.#index.add(hash, frame);
  }

  /** In the order in which they were added. */
  of({ frameId, perceptualHash }: Look): T[] {
    return this.#index.near(parseHash(perceptualHash, frameId)).filter((other) => other.frameId !== frameId);
  }
}
