import { toHalf } from './half.js';
import type { Letterbox } from './letterbox.js';
import type { InputType, Network } from './network.js';
import { resizeBilinear } from './resize.js';
import type { RgbImage } from './types.js';

/** The grey that every YOLO pads with. */
const PADDING = 114;

type TensorData = Float32Array | Uint16Array | Uint8Array;

/** What a byte of a picture becomes in the tensor, for each of the 256. */
function byteValues(type: InputType, divisor: number): TensorData {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  // A uint8 network divides by itself.
  if (type === 'uint8') return Uint8Array.from(bytes);
  const floats = Float32Array.from(bytes, (byte) => byte / divisor);
  return type === 'float16' ? Uint16Array.from(floats, toHalf) : floats;
}

function emptyData(type: InputType, length: number): TensorData {
  if (type === 'uint8') return new Uint8Array(length);
  return type === 'float16' ? new Uint16Array(length) : new Float32Array(length);
}

/**
 * The input of a network, `[batch, 3, height, width]`: RGB 0..1, for YOLOX BGR 0..255. Its memory is used again for each
 * picture, and so is its padding while pictures have the same shape.
 */
export class InputTensor {
  #data: TensorData;
  #padded = '';
  readonly #values: TensorData;
  readonly #bgr: boolean;

  constructor(private readonly network: Network) {
    this.#bgr = network.layout === 'yolox';
    this.#values = byteValues(network.inputType, this.#bgr ? 1 : 255);
    this.#data = emptyData(network.inputType, 0);
  }

  /**
   * Scales the picture, puts it where `box` says, and pads the rest. All in one pass over the pixels.
   *
   * @returns the tensor's numbers, valid until the next call; pictures of the batch other than the first are zero
   */
  fill(picture: RgbImage, box: Letterbox): TensorData {
    const plane = box.width * box.height;
    this.#pad(box, plane);
    const first = box.top * box.width + box.left;
    const [red, blue] = this.#bgr ? [2 * plane, 0] : [0, 2 * plane];
    resizeBilinear(picture, box.resized, {
      data: this.#data,
      values: this.#values,
      red: first + red,
      green: first + plane,
      blue: first + blue,
      stride: box.width,
    });
    return this.#data;
  }

  #pad(box: Letterbox, plane: number): void {
    const { width, height, resized, left, top } = box;
    const shape = [width, height, resized.width, resized.height, left, top].join();
    if (shape === this.#padded) return;
    const length = this.network.batch * 3 * plane;
    if (this.#data.length !== length) this.#data = emptyData(this.network.inputType, length);
    this.#data.fill(this.#values[PADDING]!, 0, 3 * plane);
    this.#padded = shape;
  }
}
