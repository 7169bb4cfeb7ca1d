import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { messageOf, PipelineError } from '../common/errors.js';
import { decodeOutput, type NetworkOutput, type Thresholds } from './decode.js';
import { halvesToFloats } from './half.js';
import { InputTensor } from './input-tensor.js';
import { centredLetterbox, stretched, topLeftLetterbox, type Letterbox } from './letterbox.js';
import { countAnchors, type Network } from './network.js';
import type { Candidate } from './nms.js';
import type { DecodedPicture } from './picture.js';
import { toPicture } from './rescale.js';
import type { Size } from './types.js';

/** The levels that every YOLO has at least. */
const LEVELS = [8, 16, 32];

/** A network that is loaded, and the memory for its input. One per thread: it works on one picture at a time. */
export class Inference {
  readonly #input: InputTensor;

  constructor(
    private readonly session: InferenceSession,
    private readonly network: Network,
  ) {
    this.#input = new InputTensor(network);
  }

  /**
   * A decoded picture through the network.
   *
   * @returns boxes in pixels of the original picture, best first
   * @throws PipelineError DETECTOR_FAILED when ONNX Runtime refuses
   */
  async detect({ picture, original }: DecodedPicture, thresholds: Thresholds): Promise<Candidate[]> {
    const { network } = this;
    const letterbox = chooseLetterbox(original, network);
    const { width, height } = letterbox;
    const tensor = new Tensor(network.inputType, this.#input.fill(picture, letterbox), [
      network.batch,
      3,
      height,
      width,
    ]);
    const outputs = await this.#run(tensor, original);
    const boxes = decodeOutput(outputs, { width, height }, network, thresholds);
    return boxes.map((box) => toPicture(box, network.layout, letterbox, original));
  }

  async #run(picture: Tensor, original: Size): Promise<NetworkOutput[]> {
    const { inputName, sizeInput, outputNames, batch } = this.network;
    const feeds: Record<string, Tensor> = { [inputName]: picture };
    if (sizeInput) feeds[sizeInput.name] = sizeTensor(sizeInput.type, original, batch);
    try {
      const results = await this.session.run(feeds, outputNames);
      return outputNames.map((name) => firstOfBatch(results[name]!));
    } catch (error) {
      throw new PipelineError('DETECTOR_FAILED', `ONNX Runtime failed on a picture: ${messageOf(error)}`, {
        hint: 'Check that the model runs elsewhere, or export it with a fixed input size.',
        cause: error,
      });
    }
  }
}

/** Width and height of the original, once per picture of the batch, as DETR exports want them. */
export function sizeTensor(type: string, { width, height }: Size, batch: number): Tensor {
  const sizes = Array.from({ length: batch }, () => [width, height]).flat();
  const dims = [batch, 2];
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from(sizes, BigInt), dims);
  return type === 'int32'
    ? new Tensor('int32', Int32Array.from(sizes), dims)
    : new Tensor('float32', Float32Array.from(sizes), dims);
}

/** What an output says of the first picture of the batch, as 32-bit floats. */
function firstOfBatch({ data, dims }: Tensor): NetworkOutput {
  const [, rows = 0, columns = 1] = dims;
  return { data: toFloats(data, rows * columns), rows, columns };
}

/** The first `count` numbers of a tensor. @throws TypeError for a tensor that holds no numbers */
export function toFloats(data: Tensor['data'], count: number): Float32Array {
  if (data instanceof Float32Array) return data.subarray(0, count);
  if (data instanceof Uint16Array) return halvesToFloats(data.subarray(0, count));
  if (data instanceof BigInt64Array) return Float32Array.from(data.subarray(0, count), Number);
  if (Array.isArray(data) || data instanceof BigUint64Array) throw new TypeError('The output holds no numbers.');
  return Float32Array.from(data.subarray(0, count));
}

/** Where the picture goes, by the rules of the network's family. */
function chooseLetterbox(picture: Size, network: Network): Letterbox {
  const { layout, input, dynamic, stride, rows } = network;
  if (layout === 'yolox') return topLeftLetterbox(picture, input);
  if (layout === 'rtdetr' || layout === 'detr') return stretched(picture, input);
  if (!dynamic) return centredLetterbox(picture, input);
  const minimal = centredLetterbox(picture, input, stride);
  // An end-to-end head picks a fixed number of rows: a long thin picture has fewer anchors than that, and fails.
  const enough = rows === undefined || countAnchors(minimal, LEVELS) >= rows;
  return enough ? minimal : centredLetterbox(picture, input);
}
