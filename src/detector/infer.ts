import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { messageOf, PipelineError } from '../common/errors.js';
import { decodeOutput, type Thresholds } from './decode.js';
import { applyLetterbox, centredLetterbox, topLeftLetterbox, type Letterbox } from './letterbox.js';
import { countAnchors, type Network } from './network.js';
import type { Candidate } from './nms.js';
import { fillTensor, toPicture } from './picture.js';
import type { RgbImage, Size } from './types.js';

/** The levels that every YOLO has at least. */
const LEVELS = [8, 16, 32];

/** Reused from picture to picture: a fresh tensor of some megabytes each time is work for the garbage collector. */
let tensorData = new Float32Array(0);

/**
 * A decoded picture through the network.
 *
 * @returns boxes in pixels of the picture, clipped to it, best first
 * @throws PipelineError DETECTOR_FAILED when ONNX Runtime refuses
 */
export async function infer(
  session: InferenceSession,
  network: Network,
  picture: RgbImage,
  thresholds: Thresholds,
): Promise<Candidate[]> {
  const letterbox = chooseLetterbox(picture, network);
  const { width, height } = letterbox;
  const length = network.batch * 3 * width * height;
  if (tensorData.length !== length) tensorData = new Float32Array(length);
  fillTensor(applyLetterbox(picture, letterbox), network.layout, tensorData);

  const output = await run(session, network, new Tensor('float32', tensorData, [network.batch, 3, height, width]));
  const [, rows = 0, columns = 0] = output.dims;
  const data = (output.data as Float32Array).subarray(0, rows * columns);
  const boxes = decodeOutput({ data, rows, columns, input: { width, height } }, network, thresholds);
  return boxes.map((box) => toPicture(box, letterbox, picture));
}

async function run(session: InferenceSession, network: Network, input: Tensor): Promise<Tensor> {
  try {
    const results = await session.run({ [network.inputName]: input }, [network.outputName]);
    return results[network.outputName] as Tensor;
  } catch (error) {
    throw new PipelineError('DETECTOR_FAILED', `ONNX Runtime failed on a picture: ${messageOf(error)}`, {
      hint: 'Check that the model runs elsewhere, or export it with a fixed input size.',
      cause: error,
    });
  }
}

/** Where the picture goes, by the rules of the network's family. */
function chooseLetterbox(picture: Size, network: Network): Letterbox {
  if (network.layout === 'yolox') return topLeftLetterbox(picture, network.input);
  if (!network.dynamic) return centredLetterbox(picture, network.input);
  const minimal = centredLetterbox(picture, network.input, network.stride);
  // An end-to-end head picks a fixed number of rows: a long thin picture has fewer anchors than that, and fails.
  const enough = network.rows === undefined || countAnchors(minimal, LEVELS) >= network.rows;
  return enough ? minimal : centredLetterbox(picture, network.input);
}
