import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { messageOf, PipelineError } from '../common/errors.js';
import { toHalf } from './half.js';
import { sizeTensor, toFloats } from './infer.js';
import type { InputType, NetworkTrial, TensorDescription, TrialOutput, ValueRange } from './network.js';
import type { Device, Size } from './types.js';

/** What `predict` of Ultralytics scales to when a model takes any size. */
const DEFAULT_IMAGE_SIZE = 640;

/** Padding grey: a picture without anything in it. */
const EMPTY_PICTURE = 114;

/** More pixels than any detector takes at once; a damaged file may ask for terabytes. */
const MOST_INPUT_PIXELS = 2 ** 24;

/** No row of a box is longer. */
const MOST_VALUES_PER_BOX = 4096;

/** The names of execution providers in ONNX Runtime's Node.js binding. */
const PROVIDERS = { cuda: 'cuda', coreml: 'coreml', directml: 'dml', webgpu: 'webgpu' } as const;

/**
 * In 1.30, Pad_Fusion merges a padding of zeros into a MaxPool that pads with minus infinity (YOLOv3-tiny): boxes at
 * the right and lower edge come out wrong. Hardly any detector has a Pad, and none is slower without the fusion.
 */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  // Errors are thrown to us with their text; on stderr they would break the output of the command line.
  logSeverityLevel: 4,
  extra: { optimization: { disable_specified_optimizers: 'Pad_Fusion' } },
};

export interface LoadedModel {
  session: InferenceSession;
  warnings: string[];
}

/**
 * Loads a model into ONNX Runtime. One thread inside: the pool has a thread per core. A device that is not there makes
 * ONNX Runtime's Node.js binding throw, so the way back to the CPU is ours, and it is said.
 *
 * @throws PipelineError MODEL_NOT_ONNX, MODEL_LOAD_FAILED
 */
export async function loadModel(file: string, device: Device): Promise<LoadedModel> {
  const wanted = device === 'auto' ? (hasCuda() ? 'cuda' : 'cpu') : device;
  if (wanted === 'cpu') return { session: await createSession(file, ['cpu']), warnings: [] };
  const provider = PROVIDERS[wanted];
  const there = wanted === 'cuda' ? hasCuda() : listSupportedBackends().some(({ name }) => name === provider);
  if (!there) return onCpuInstead(file, wanted, 'this installation of ONNX Runtime does not have it.');
  try {
    return { session: await createSession(file, [provider, 'cpu']), warnings: [] };
  } catch (error) {
    return onCpuInstead(file, wanted, firstLine(error));
  }
}

/** CUDA is a library of its own that the package fetches when it is asked to; trying without it prints to stderr. */
function hasCuda(): boolean {
  const package_ = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const library = { linux: 'libonnxruntime_providers_cuda.so', win32: 'onnxruntime_providers_cuda.dll' }[
    process.platform as string
  ];
  if (library === undefined) return false;
  return existsSync(path.join(package_, 'bin', 'napi-v6', process.platform, process.arch, library));
}

async function onCpuInstead(file: string, device: string, why: string): Promise<LoadedModel> {
  const warning = `The device '${device}' cannot be used, the CPU does the work: ${why}`;
  return { session: await createSession(file, ['cpu']), warnings: [warning] };
}

async function createSession(file: string, executionProviders: string[]): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(file, { executionProviders, ...SESSION_OPTIONS });
  } catch (error) {
    throw loadFailure(file, error);
  }
}

function loadFailure(file: string, error: unknown): PipelineError {
  const message = messageOf(error);
  if (/protobuf parsing failed|INVALID_PROTOBUF/i.test(message)) {
    return new PipelineError('MODEL_NOT_ONNX', `'${file}' is not an ONNX model, or it is damaged.`, {
      hint: 'Copy or export the model again.',
      cause: error,
    });
  }
  const hint = /external data|external_data|data file/i.test(message)
    ? 'The weights of this model lie in files of their own: copy them beside it, under their old names, or export it as one file.'
    : /opset|ir_version|IR version|is not a registered function|Could not find an implementation/i.test(message)
      ? 'This ONNX Runtime does not know the operator set of the model: export it again with a lower one, for example `opset=17`.'
      : 'Export the model again, if that does not help with another operator set (`opset=`).';
  return new PipelineError('MODEL_LOAD_FAILED', `ONNX Runtime cannot load '${file}': ${firstLine(error)}`, {
    hint,
    cause: error,
  });
}

/**
 * Runs a model once over an empty picture. Only this tells its real output shapes (they may be symbolic in the file),
 * and it proves that the model works at all.
 *
 * @throws PipelineError MODEL_NOT_A_DETECTOR, MODEL_INPUT_UNSUPPORTED, MODEL_LOAD_FAILED
 */
export async function tryModel(model: LoadedModel, imageSize: number | undefined): Promise<NetworkTrial> {
  const { session } = model;
  const { input, sizeInput } = recogniseInputs(session);
  const { size, warnings } = trialSize(input, imageSize);
  const batch = typeof input.dims[0] === 'number' ? input.dims[0] : 1;
  const feeds = { [input.name]: emptyPicture(input.type, [batch, 3, size.height, size.width]) };
  if (sizeInput) feeds[sizeInput.name] = sizeTensor(sizeInput.type, size, batch);
  let results: InferenceSession.ReturnType;
  try {
    results = await session.run(feeds);
  } catch (error) {
    throw new PipelineError('MODEL_LOAD_FAILED', `The model loads but does not run: ${firstLine(error)}`, {
      hint: 'Check `detector.image_size`, or export the model again.',
      cause: error,
    });
  }
  const outputs = session.outputNames.map((name) => describeOutput(name, results[name]!));
  return { input, sizeInput, size, outputs, warnings: [...model.warnings, ...warnings] };
}

/** The picture, and beside it perhaps the size of the original, `[batch, 2]`. */
function recogniseInputs(session: InferenceSession): {
  input: TensorDescription<InputType>;
  sizeInput?: TensorDescription;
} {
  const inputs = session.inputMetadata.flatMap((value) =>
    value.isTensor ? [{ name: value.name, type: value.type, dims: [...value.shape] }] : [],
  );
  const input = inputs.find(({ dims }) => dims.length === 4);
  const sizeInput = inputs.find(({ dims }) => dims.length === 2 && dims[1] === 2);
  if (!input || session.inputNames.length !== (sizeInput ? 2 : 1)) {
    const names = session.inputNames.join(', ');
    throw new PipelineError('MODEL_NOT_A_DETECTOR', `The model does not take one picture: its inputs are ${names}.`, {
      hint: 'Use a model with one input [batch, 3, height, width] (and, for RT-DETR or D-FINE, orig_target_sizes).',
    });
  }
  return { input: checkedInput(input), sizeInput };
}

function checkedInput(input: TensorDescription): TensorDescription<InputType> {
  const [batch, channels, height, width] = input.dims.map((dim) => (typeof dim === 'number' ? dim : undefined));
  const { type } = input;
  const known = type === 'float32' || type === 'float16' || type === 'uint8';
  const pixels = (batch ?? 1) * (height ?? 1) * (width ?? 1);
  if (known && (channels ?? 3) === 3 && pixels > 0 && pixels <= MOST_INPUT_PIXELS) return { ...input, type };
  throw new PipelineError(
    'MODEL_INPUT_UNSUPPORTED',
    `The input of the model, ${type} [${input.dims.join(', ')}], is not supported.`,
    { hint: 'Export the model with an input [batch, 3, height, width] of float32, float16 or uint8.' },
  );
}

function emptyPicture(type: InputType, dims: number[]): Tensor {
  const length = dims.reduce((product, dim) => product * dim, 1);
  if (type === 'uint8') return new Tensor(type, new Uint8Array(length).fill(EMPTY_PICTURE), dims);
  const grey = EMPTY_PICTURE / 255;
  if (type === 'float16') return new Tensor(type, new Uint16Array(length).fill(toHalf(grey)), dims);
  return new Tensor(type, new Float32Array(length).fill(grey), dims);
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

function describeOutput(name: string, { type, dims, data }: Tensor): TrialOutput {
  const description: TrialOutput = { name, type, dims: [...dims], rows: [], columns: [] };
  const [batch = 0, rows = 0, columns = 0] = dims;
  const numbers = type === 'float32' || type === 'float16';
  if (!numbers || dims.length !== 3 || batch === 0) return description;
  const values = toFloats(data, rows * columns);
  if (rows <= MOST_VALUES_PER_BOX) description.rows = ranges(values, rows, columns, 1);
  if (columns <= MOST_VALUES_PER_BOX) description.columns = ranges(values, columns, 1, columns);
  return description;
}

/** The range of each of `count` series: series `i` starts at `i * start`, its values are `step` apart. */
function ranges(values: Float32Array, count: number, start: number, step: number): ValueRange[] {
  const length = values.length / count;
  return Array.from({ length: count }, (_, series) => {
    const range = { min: Infinity, max: -Infinity, whole: true };
    for (let i = 0, at = series * start; i < length; i++, at += step) {
      const value = values[at]!;
      range.min = Math.min(range.min, value);
      range.max = Math.max(range.max, value);
      range.whole &&= Number.isInteger(value);
    }
    return range;
  });
}

/** ONNX Runtime's own words, without the place in its sources. */
function firstLine(error: unknown): string {
  const [line = ''] = messageOf(error).split('\n', 1);
  return line
    .replace(/^Load model from .* failed:/, '')
    .replace(/\/onnxruntime_src\/\S+:\d+ .*?\) (?=[A-Z])/, '')
    .trim();
}
