import type { Grade } from './league.js';
import { createRandom } from './random.js';

/** What camera and lamps do to a picture: exposure, white balance, vignette, glare, sensor noise. */

const NOISE_SAMPLES = 2 ** 17;

/** Normally distributed, standard deviation 16 = 1. */
const NOISE = (() => {
  const random = createRandom(0xbeef);
  // The sum of twelve uniform numbers less six is close enough to a normal distribution.
  return Int8Array.from({ length: NOISE_SAMPLES }, () => {
    let sum = -6;
    for (let index = 0; index < 12; index++) sum += random.next();
    return Math.max(-127, Math.min(127, Math.round(16 * sum)));
  });
})();

/** For the studio, cards and black, which no match's light reaches. */
export const NEUTRAL: Grade = { gain: [1, 1, 1], noise: 1, vignette: 0, glare: 0 };

/** Grades pictures of one size. */
export class Grader {
  /** For each pixel 0 in the middle of the picture to 1 in its corners. */
  readonly #edge: Float32Array;
  /** For each pixel how much scattered light falls on it: most at the top. */
  readonly #light: Float32Array;

  constructor(width: number, height: number) {
    this.#edge = new Float32Array(width * height);
    this.#light = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [u, v] = [(2 * x) / width - 1, (2 * y) / height - 1];
        this.#edge[y * width + x] = (u * u + v * v) / 2;
        const lamp = Math.hypot(u + 0.75, v + 1.1);
        this.#light[y * width + x] = Math.exp(-2.2 * lamp * lamp) + 0.25;
      }
    }
  }

  /** Changes `pixels` (RGB) in place. @param frame the noise differs between frames, and repeats for the same one */
  apply(pixels: Uint8Array, grade: Grade, frame: number): void {
    const random = createRandom(frame * 7919 + 17);
    let sample = Math.floor(random.next() * NOISE_SAMPLES);
    const step = 1 + 2 * Math.floor(random.next() * 8);
    const noise = grade.noise / 16;
    const [red, green, blue] = grade.gain;
    for (let pixel = 0, at = 0; at < pixels.length; pixel++, at += 3) {
      sample = (sample + step) & (NOISE_SAMPLES - 1);
      // Light and dark flicker together; the colours a little on their own.
      const grey = 0.5 + noise * (NOISE[sample] as number);
      const tint = 0.4 * noise * (NOISE[(sample + 4099) & (NOISE_SAMPLES - 1)] as number);
      const gain = 1 - grade.vignette * (this.#edge[pixel] as number);
      const light = 255 * grade.glare * (this.#light[pixel] as number);
      pixels[at] = clampByte((pixels[at] as number) * gain * red + light + grey + tint);
      pixels[at + 1] = clampByte((pixels[at + 1] as number) * gain * green + light + grey);
      pixels[at + 2] = clampByte((pixels[at + 2] as number) * gain * blue + light + grey - tint);
    }
  }
}

const clampByte = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);
