import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { messageOf, PipelineError } from '../common/errors.js';
import type { NetworkTrial, TensorDescription, TrialOutput } from './network.js';
import type { DetectorOptions, Size } from './types.js';

/** What `predict` of Ultralytics scales to when a model takes any size. */
const DEFAULT_IMAGE_SIZE = 640;

/** Padding grey / 255: a picture without anything in it. */
const EMPTY_PICTURE = 114 / 255;

export interface LoadedModel {
  session: InferenceSession;
  warnings: string[];
}

/**
 * Loads a model into ONNX Runtime. One thread inside: the pool has a thread per core. A CUDA that is not there makes
 * ONNX Runtime's Node.js binding throw, so the way back to the CPU is ours, and it is said.
 *
 * @throws PipelineError MODEL_NOT_ONNX, MODEL_LOAD_FAILED
 */
export async function loadModel(file: string, device: NonNullable<DetectorOptions['device']>): Promise<LoadedModel> {
  const hasCuda = listSupportedBackends().some(({ name, bundled }) => name === 'cuda' && bundled);
  if (device === 'cuda' || (device === 'auto' && hasCuda)) {
    try {
      return { session: await createSession(file, ['cuda', 'cpu']), warnings: [] };
    } catch (error) {
      const warning = `CUDA cannot be used, the CPU does the work: ${firstLine(error)}`;
      return { session: await createSession(file, ['cpu']), warnings: [warning] };
    }
  }
  return { session: await createSession(file, ['cpu']), warnings: [] };
}

async function createSession(file: string, executionProviders: string[]): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(file, {
      executionProviders,
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      // Errors are thrown to us with their text; on stderr they would break the output of the command line.
      logSeverityLevel: 4,
    });
  } catch (error) {
    if (/protobuf parsing failed|INVALID_PROTOBUF/i.test(messageOf(error))) {
      throw new PipelineError('MODEL_NOT_ONNX', `'${file}' is not an ONNX model, or it is damaged.`, {
        hint: 'Copy or export the model again.',
        cause: error,
      });
    }
    throw new PipelineError('MODEL_LOAD_FAILED', `ONNX Runtime cannot load '${file}': ${firstLine(error)}`, {
      hint: 'Files with external data need their data files beside them; else export again with a lower opset.',
      cause: error,
    });
  }
}

/**
 * Runs a model once over an empty picture. Only this tells its real output shapes (they may be symbolic in the file),
 * and it proves that the model works at all.
 *
 * @throws PipelineError MODEL_NOT_A_DETECTOR, MODEL_INPUT_UNSUPPORTED, MODEL_LOAD_FAILED
 */
export async function tryModel(model: LoadedModel, imageSize: number | undefined): Promise<NetworkTrial> {
  const { session } = model;
  const input = pictureInput(session);
  const { size, warnings } = trialSize(input, imageSize);
  const batch = typeof input.dims[0] === 'number' ? input.dims[0] : 1;
  const data = new Float32Array(batch * 3 * size.width * size.height).fill(EMPTY_PICTURE);
  let results: InferenceSession.ReturnType;
  try {
    results = await session.run({ [input.name]: new Tensor('float32', data, [batch, 3, size.height, size.width]) });
  } catch (error) {
    throw new PipelineError('MODEL_LOAD_FAILED', `The model loads but does not run: ${firstLine(error)}`, {
      hint: 'Check `detector.image_size`, or export the model again.',
      cause: error,
    });
  }
  const outputs = session.outputNames.map((name) => describeOutput(name, results[name]!));
  return { input, size, outputs, warnings: [...model.warnings, ...warnings] };
}

function pictureInput(session: InferenceSession): TensorDescription {
  const inputs = session.inputMetadata.map((value) =>
    value.isTensor ? { name: value.name, type: value.type, dims: [...value.shape] } : undefined,
  );
  const [input] = inputs;
  if (!input || inputs.length !== 1 || input.dims.length !== 4) {
    const names = session.inputNames.join(', ');
    throw new PipelineError('MODEL_NOT_A_DETECTOR', `The model does not take one picture: its inputs are ${names}.`, {
      hint: 'Use a YOLO model with one input [batch, 3, height, width].',
    });
  }
  if (input.type !== 'float32' || (typeof input.dims[1] === 'number' && input.dims[1] !== 3)) {
    const found = `${input.type} [${input.dims.join(', ')}]`;
    throw new PipelineError('MODEL_INPUT_UNSUPPORTED', `The input of the model, ${found}, is not supported.`, {
      hint: 'Export the model with a float32 input [batch, 3, height, width].',
    });
  }
  return input;
}

function trialSize({ dims }: TensorDescription, imageSize: number | undefined): { size: Size; warnings: string[] } {
  const [, , height, width] = dims;
  // A side that is not a multiple of 32 is rounded up, as Ultralytics does.
  const free = Math.ceil((imageSize ?? DEFAULT_IMAGE_SIZE) / 32) * 32;
  const size = {
    width: typeof width === 'number' ? width : free,
    height: typeof height === 'number' ? height : free,
  };
  const fixed = typeof width === 'number' && typeof height === 'number';
  const ignored = fixed && imageSize !== undefined && (imageSize !== width || imageSize !== height);
  return {
    size,
    warnings: ignored ? [`The model takes only ${width}x${height}: the image size ${imageSize} is ignored.`] : [],
  };
}

function describeOutput(name: string, tensor: Tensor): TrialOutput {
  const { data } = tensor;
  const columns = tensor.dims.at(-1) ?? 1;
  let largestCentre = 0;
  if (data instanceof Float32Array && tensor.dims.length === 3) {
    for (let at = 0; at + 1 < data.length; at += columns) {
      largestCentre = Math.max(largestCentre, Math.abs(data[at]!), Math.abs(data[at + 1]!));
    }
  }
  return { name, type: tensor.type, dims: [...tensor.dims], largestCentre };
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0]!.trim();
}
