import { PipelineError } from '../common/errors.js';
import { countAnchors, type Network, type NetworkTrial, type TrialOutput, type ValueRange } from './network.js';
import { parsePythonLiteral, type PythonValue } from './python-literal.js';
import type { OutputLayout, Size } from './types.js';

/** End-to-end outputs have a few hundred rows; without suppression it is thousands. */
const MOST_END_TO_END_ROWS = 1000;

/** The levels of YOLO heads: three, with one more at either end, and two in the smallest. */
const GRID_STRIDES = [
  [8, 16, 32],
  [8, 16, 32, 64],
  [4, 8, 16, 32],
  [16, 32],
];

/** Anchors per cell in the YOLOs that have anchor boxes (v5, v7). */
const BOXES_PER_CELL = 3;

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
  const { metadata } = hints;
  const task = metadata['task'];
  if (task !== undefined && task !== 'detect') throw notADetector(`it says that its task is '${task}'`);
  const [batch, , height, width] = trial.input.dims;
  const network = {
    inputName: trial.input.name,
    inputType: trial.input.type,
    sizeInput: trial.sizeInput && { name: trial.sizeInput.name, type: trial.sizeInput.type },
    input: trial.size,
    dynamic: typeof height === 'string' || typeof width === 'string',
    batch: typeof batch === 'number' ? batch : 1,
    stride: Math.max(32, Number(metadata['stride']) || 32),
  };
  const triple = labelsBoxesScores(trial.outputs);
  if (triple && (hints.layout ?? 'detr') === 'detr') {
    return { ...network, layout: 'detr', outputNames: triple, classes: 0 };
  }
  const output = boxOutput(trial.outputs);
  return { ...network, outputNames: [output.name], ...describeLayout(output, trial.size, hints) };
}

/** The outputs of RT-DETR and D-FINE as their own tools export them, in the order in which they are decoded. */
function labelsBoxesScores(outputs: readonly TrialOutput[]): string[] | undefined {
  const [labels, boxes, scores] = ['labels', 'boxes', 'scores'].map((name) => outputs.find((one) => one.name === name));
  const fits = labels?.dims.length === 2 && scores?.dims.length === 2 && boxes?.dims[2] === 4;
  return fits ? [labels.name, boxes.name, scores.name] : undefined;
}

function boxOutput(outputs: readonly TrialOutput[]): TrialOutput {
  // Masks come as a fourth dimension beside the boxes; the heads of the original YOLOv5 have five.
  if (outputs.some(({ dims }) => dims.length === 4)) throw notADetector('it has an output for masks or feature maps');
  const boxes = outputs.filter(({ dims, type }) => dims.length === 3 && (type === 'float32' || type === 'float16'));
  const only = boxes[0];
  if (only && boxes.length === 1) return only;
  if (outputs.length === 1 && outputs[0]!.dims.length <= 2 && outputs[0]!.dims[1] !== 7) {
    throw notADetector('its output is one row of numbers, as classifiers have');
  }
  throw unknownLayout(
    outputs,
    'there must be exactly one output of three dimensions (batch, boxes, values) in float32 or float16, or labels, boxes and scores',
  );
}

/** The layout, and what belongs to it. */
function describeLayout(
  output: TrialOutput,
  size: Size,
  hints: LayoutHints,
): Pick<Network, 'layout' | 'classes' | 'gridStrides' | 'rows'> {
  const [, rows = 0, columns = 0] = output.dims;
  const layout = hints.layout ?? guessLayout(output, size, hints);
  switch (layout) {
    case 'yolov8':
      checkScores(output.rows.slice(4));
      return { layout, classes: atLeastOne(output, layout, rows - 4) };
    case 'yolov5':
      checkScores(output.columns.slice(4));
      return { layout, classes: atLeastOne(output, layout, columns - 5) };
    case 'yolox': {
      const classes = atLeastOne(output, layout, columns - 5);
      return inPixels(output, size) ? { layout, classes } : { layout, classes, gridStrides: gridStrides(output, size) };
    }
    case 'end2end':
      if (columns !== 6) throw doesNotFit(output, layout);
      return { layout, classes: hints.classes ?? 0, rows };
    case 'rtdetr':
      return { layout, classes: scoreAndClass(output, hints) ? 0 : atLeastOne(output, layout, columns - 4) };
    case 'detr':
      throw doesNotFit(output, layout);
  }
}

function atLeastOne(output: TrialOutput, layout: OutputLayout, classes: number): number {
  if (classes < 1) throw doesNotFit(output, layout);
  return classes;
}

/** Key points and angles come behind the scores of pose models and oriented boxes; scores lie in 0..1. */
function checkScores(scores: readonly ValueRange[]): void {
  if (scores.some(({ min, max }) => min < -0.01 || max > 1.01)) {
    throw notADetector(
      'behind its boxes are numbers that are no scores from 0 to 1, as pose models and oriented boxes have',
    );
  }
}

function guessLayout(output: TrialOutput, size: Size, hints: LayoutHints): OutputLayout {
  const { metadata, classes } = hints;
  const [, rows = 0, columns = 0] = output.dims;
  const few = rows <= MOST_END_TO_END_ROWS && !isAnchorCount(rows, size) && !isAnchorCount(columns, size);
  if ((few || metadata['head'] === 'RTDETRDecoder') && areShares(output)) return 'rtdetr';
  if (columns === 6 && (few || saysEndToEnd(metadata))) return 'end2end';
  const fits = (values: number) => values > 0 && (classes === undefined || values === classes);
  const channelsFirst = isAnchorCount(columns, size) || (rows < columns && !isAnchorCount(rows, size));
  if (channelsFirst && fits(rows - 4)) return 'yolov8';
  if (rows > columns && fits(columns - 5)) return isYolox(output, size, metadata) ? 'yolox' : 'yolov5';
  const named = classes === undefined ? '' : ` for ${classes} classes`;
  throw unknownLayout(output, `this fits none of the known layouts${named}`);
}

/**
 * Both have an objectness. YOLOX gives offsets from its grid, or pixels when it was exported so; it has one box per
 * cell, and no exporter that writes a stride and names. YOLOv6 has one box per cell too, but an objectness that is
 * always 1.
 */
function isYolox(output: TrialOutput, size: Size, metadata: Record<string, string>): boolean {
  if (!inPixels(output, size)) return metadata['stride'] === undefined || metadata['names'] === undefined;
  const ultralytics = metadata['stride'] !== undefined && metadata['names'] !== undefined;
  const objectness = output.columns[4];
  const constant = objectness?.min === 1 && objectness.max === 1;
  return !ultralytics && !constant && hasAnchors(output.dims[1] ?? 0, size, 1);
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
function isAnchorCount(count: number, size: Size): boolean {
  return hasAnchors(count, size, 1) || hasAnchors(count, size, BOXES_PER_CELL);
}

function hasAnchors(count: number, size: Size, perCell: number): boolean {
  return GRID_STRIDES.some((strides) => count === perCell * countAnchors(size, strides));
}

/** Offsets from a grid cell are a few units at most, pixels go up to the size of the input. */
function inPixels({ columns }: TrialOutput, size: Size): boolean {
  return columns.slice(0, 2).some(({ min, max }) => Math.max(-min, max) > Math.max(size.width, size.height) / 4);
}

/** Boxes as shares of the picture: all within it or just beyond, and not all of them empty. */
function areShares({ columns }: TrialOutput): boolean {
  const boxes = columns.slice(0, 4);
  return boxes.every(({ min, max }) => min > -0.5 && max < 1.5) && boxes.some(({ max }) => max > 0);
}

/** Six columns are score and class, unless the model has two classes; then whole numbers tell. */
function scoreAndClass(output: TrialOutput, { classes }: LayoutHints): boolean {
  if (output.dims[2] !== 6) return false;
  return (classes !== undefined && classes !== 2) || output.columns[5]?.whole === true;
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

function doesNotFit(output: TrialOutput, layout: OutputLayout): PipelineError {
  return unknownLayout(output, `this does not fit the layout '${layout}'`);
}

function unknownLayout(outputs: TrialOutput | readonly TrialOutput[], why: string): PipelineError {
  const shapes = [outputs].flat().map(({ name, dims }) => `${name} [${dims.join(', ')}]`);
  return new PipelineError(
    'MODEL_LAYOUT_UNKNOWN',
    `The output of the model, ${shapes.join(', ')}, is not understood: ${why}.`,
    {
      hint: 'Known are yolov8, yolov5, yolox, end2end, rtdetr and detr: set `detector.layout`, and `detector.labels` if names are wrong.',
    },
  );
}
