import { PipelineError } from '../common/errors.js';
import { countAnchors, type Network, type NetworkTrial, type TrialOutput } from './network.js';
import { parsePythonLiteral, type PythonValue } from './python-literal.js';
import type { OutputLayout, Size } from './types.js';

/** End-to-end outputs have a few hundred rows; without suppression it is thousands. */
const MOST_END_TO_END_ROWS = 1000;

/** Levels of anchor-free YOLO heads: three, or four with large inputs. */
const GRID_STRIDES = [
  [8, 16, 32],
  [8, 16, 32, 64],
];

/** What recognising needs besides the trial. */
export interface LayoutHints {
  metadata: Record<string, string>;
  /** The user's choice. */
  layout?: OutputLayout;
  /** Number of class names, where they are known before. */
  classes?: number;
}

/**
 * Recognises how a network gives its boxes, from the shape of its output, its metadata and the size of the numbers in
 * a trial run. What an exporter says of itself (`end2end`, `nms`) counts more than the model's family: the same family
 * is exported in several layouts.
 *
 * @throws PipelineError MODEL_NOT_A_DETECTOR, MODEL_LAYOUT_UNKNOWN
 */
export function recogniseNetwork(trial: NetworkTrial, hints: LayoutHints): Network {
  const output = boxOutput(trial.outputs, hints.metadata);
  const [, rows = 0, columns = 0] = output.dims;
  const layout = hints.layout ?? guessLayout(output, trial.size, hints);
  const classes = { yolov8: rows - 4, yolov5: columns - 5, yolox: columns - 5, end2end: hints.classes ?? 0 }[layout];
  const wrongShape = layout === 'end2end' ? columns !== 6 : classes < 1;
  if (wrongShape) throw unknownLayout(output, `this does not fit the layout '${layout}'`);

  const [batch, , height, width] = trial.input.dims;
  const network: Network = {
    layout,
    inputName: trial.input.name,
    outputName: output.name,
    input: trial.size,
    dynamic: typeof height === 'string' || typeof width === 'string',
    batch: typeof batch === 'number' ? batch : 1,
    stride: Math.max(32, Number(hints.metadata['stride']) || 32),
    classes,
  };
  if (layout === 'end2end') network.rows = rows;
  if (layout === 'yolox' && !inPixels(output, trial.size)) network.gridStrides = gridStrides(output, trial.size);
  return network;
}

function boxOutput(outputs: readonly TrialOutput[], metadata: Record<string, string>): TrialOutput {
  const task = metadata['task'];
  if (task !== undefined && task !== 'detect') throw notADetector(`it says that its task is '${task}'`);
  // Masks come as a fourth dimension beside the boxes; the heads of the original YOLOv5 have five.
  if (outputs.some(({ dims }) => dims.length === 4)) throw notADetector('it has an output for masks or feature maps');
  const boxes = outputs.filter(({ dims, type }) => dims.length === 3 && type === 'float32');
  const only = boxes[0];
  if (only && boxes.length === 1) return only;
  if (outputs.length === 1 && outputs[0]!.dims.length <= 2) {
    throw notADetector('its output is one row of numbers, as classifiers have');
  }
  throw unknownLayout(
    outputs,
    'there must be exactly one output of three dimensions (batch, boxes, values) in float32',
  );
}

function guessLayout(output: TrialOutput, size: Size, { metadata, classes }: LayoutHints): OutputLayout {
  const [, rows = 0, columns = 0] = output.dims;
  // The tool that wrote `stride` and `names` never makes YOLOX models.
  const ultralytics = metadata['stride'] !== undefined && metadata['names'] !== undefined;
  if (columns === 6 && (saysEndToEnd(metadata) || (rows <= MOST_END_TO_END_ROWS && !isAnchorCount(rows, size))))
    return 'end2end';
  if (rows < columns && (classes === undefined || rows === 4 + classes)) return 'yolov8';
  if (rows > columns && columns > 5 && (classes === undefined || columns === 5 + classes)) {
    return ultralytics || inPixels(output, size) ? 'yolov5' : 'yolox';
  }
  const named = classes === undefined ? '' : ` for ${classes} classes`;
  throw unknownLayout(output, `this fits none of the known layouts${named}`);
}

/** `end2end: True`, or suppression inside the graph, which newer exporters note only in `args`. */
function saysEndToEnd(metadata: Record<string, string>): boolean {
  if (literal(metadata['end2end']) === true) return true;
  const args = literal(metadata['args']);
  return args instanceof Map && args.get('nms') === true;
}

function literal(text: string | undefined): PythonValue | undefined {
  if (text === undefined) return undefined;
  try {
    return parsePythonLiteral(text);
  } catch {
    // Not written by Ultralytics: it says nothing about the layout.
    return undefined;
  }
}

/** With one class, anchors have six numbers too: then there are as many rows as cells, or three times as many (YOLOv5). */
function isAnchorCount(rows: number, size: Size): boolean {
  return GRID_STRIDES.map((strides) => countAnchors(size, strides)).some(
    (count) => rows === count || rows === 3 * count,
  );
}

/** Offsets from a grid cell are a few units at most, pixels go up to the size of the input. */
function inPixels(output: TrialOutput, size: Size): boolean {
  return output.largestCentre > Math.max(size.width, size.height) / 4;
}

function gridStrides(output: TrialOutput, size: Size): number[] {
  const strides = GRID_STRIDES.find((candidate) => countAnchors(size, candidate) === output.dims[1]);
  if (strides) return strides;
  throw unknownLayout(
    output,
    `its boxes are relative to a grid that an input of ${size.width}x${size.height} does not have`,
  );
}

function notADetector(why: string): PipelineError {
  return new PipelineError('MODEL_NOT_A_DETECTOR', `The model does not detect objects as boxes: ${why}.`, {
    hint: 'Use a model that was trained for detection; classification, segmentation, pose and oriented boxes do not fit.',
  });
}

function unknownLayout(outputs: TrialOutput | readonly TrialOutput[], why: string): PipelineError {
  const shapes = [outputs].flat().map(({ name, dims }) => `${name} [${dims.join(', ')}]`);
  return new PipelineError(
    'MODEL_LAYOUT_UNKNOWN',
    `The output of the model, ${shapes.join(', ')}, is not understood: ${why}.`,
    {
      hint: 'Known are yolov8, yolov5, yolox and end2end: set `detector.layout`, and `detector.labels` if names are wrong.',
    },
  );
}
