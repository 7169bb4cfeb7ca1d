import type { Network } from './network.js';
import { byScore, nonMaximumSuppression, type Candidate } from './nms.js';
import type { Size } from './types.js';

/** What to keep of a network's output. */
export interface Thresholds {
  confidence: number;
  iou: number;
  /** Whether boxes of different classes suppress each other. */
  agnostic: boolean;
  maxDetections: number;
  /** Class numbers to keep; undefined = all. */
  classIds?: number[];
}

/** The first picture's part of an output, row by row. */
export interface NetworkOutput {
  data: Float32Array;
  /** The two dimensions after the batch; one column where there is only one dimension. */
  rows: number;
  columns: number;
}

/**
 * From the numbers of a network to its boxes, with Ultralytics' rules: score strictly above `confidence`, the best
 * class of an anchor only, then the class filter, then suppression, then the limit.
 *
 * @param outputs in the order of `network.outputNames`
 * @param input size of the input that they belong to, in pixels
 * @returns boxes in pixels of the network's input (`rtdetr`: in shares of it; `detr`: in pixels of the picture), best
 *   first
 */
export function decodeOutput(
  outputs: readonly NetworkOutput[],
  input: Size,
  network: Network,
  thresholds: Thresholds,
): Candidate[] {
  const { maxDetections, classIds } = thresholds;
  const decoded = candidates(outputs, input, network, thresholds.confidence);
  const wanted = classIds ? decoded.filter(({ classId }) => classIds.includes(classId)) : decoded;
  const suppressed = network.layout === 'end2end' || network.layout === 'rtdetr' || network.layout === 'detr';
  if (suppressed) return byScore(wanted).slice(0, maxDetections);
  return nonMaximumSuppression(wanted, thresholds);
}

function candidates(outputs: readonly NetworkOutput[], input: Size, network: Network, confidence: number): Candidate[] {
  const [output, boxes, scores] = outputs;
  if (!output) throw new RangeError('A network without outputs cannot be decoded.');
  switch (network.layout) {
    case 'yolov8':
      return channelsFirst(output, confidence);
    case 'yolov5':
    case 'yolox':
      return anchorsFirst(network.gridStrides ? decodeGrid(output, input, network.gridStrides) : output, confidence);
    case 'end2end':
      return cornersScoreClass(output, confidence);
    case 'rtdetr':
      return centresOfQueries(output, network.classes, confidence);
    case 'detr':
      if (!boxes || !scores) throw new RangeError('labels, boxes and scores belong together.');
      return labelsBoxesScores(output, boxes, scores, confidence);
  }
}

/**
 * `[4 + classes, anchors]`. Looks class by class, which is how the numbers lie in memory, for anchors with any score
 * above the threshold; they are few, and only for these is the best class sought.
 */
function channelsFirst({ data, rows, columns }: NetworkOutput, confidence: number): Candidate[] {
  const passed = new Uint8Array(columns);
  const end = rows * columns;
  for (let at = 4 * columns; at < end; at++) {
    if (data[at]! > confidence) passed[at % columns] = 1;
  }
  const found: Candidate[] = [];
  for (let anchor = passed.indexOf(1); anchor >= 0; anchor = passed.indexOf(1, anchor + 1)) {
    let best = 4 * columns + anchor;
    for (let at = best + columns; at < data.length; at += columns) if (data[at]! > data[best]!) best = at;
    const [x, y] = [data[anchor]!, data[columns + anchor]!];
    const [width, height] = [data[2 * columns + anchor]!, data[3 * columns + anchor]!];
    found.push({ ...corners(x, y, width, height), score: data[best]!, classId: Math.floor(best / columns) - 4 });
  }
  return found;
}

/** `[anchors, 5 + classes]`: the score is objectness times class score. */
function anchorsFirst({ data, rows, columns }: NetworkOutput, confidence: number): Candidate[] {
  const found: Candidate[] = [];
  for (let anchor = 0; anchor < rows; anchor++) {
    const at = anchor * columns;
    const objectness = data[at + 4]!;
    // A class score is at most 1: what fails here cannot pass below.
    if (!(objectness > confidence)) continue;
    let classId = 0;
    for (let column = 6; column < columns; column++) {
      if (data[at + column]! > data[at + 5 + classId]!) classId = column - 5;
    }
    const score = Math.fround(objectness * data[at + 5 + classId]!);
    if (!(score > confidence)) continue;
    found.push({ ...corners(data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!), score, classId });
  }
  return found;
}

/** `[boxes, 6]`: corners, score, class. Rows that are not needed are zero. */
function cornersScoreClass({ data, rows, columns }: NetworkOutput, confidence: number): Candidate[] {
  const found: Candidate[] = [];
  for (let at = 0; at < rows * columns; at += columns) {
    const score = data[at + 4]!;
    if (!(score > confidence)) continue;
    const [x1, y1, x2, y2] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!];
    found.push({ x1, y1, x2, y2, score, classId: Math.round(data[at + 5]!) });
  }
  return found;
}

/**
 * `[queries, 4 + classes]`: centre, size, a score per class. Or with 0 classes `[queries, 6]`: centre, size, score,
 * class, which newer exporters write.
 */
function centresOfQueries({ data, rows, columns }: NetworkOutput, classes: number, confidence: number): Candidate[] {
  const found: Candidate[] = [];
  for (let at = 0; at < rows * columns; at += columns) {
    let classId = 0;
    for (let other = 1; other < classes; other++) {
      if (data[at + 4 + other]! > data[at + 4 + classId]!) classId = other;
    }
    const score = data[at + 4 + classId]!;
    if (!(score > confidence)) continue;
    if (classes === 0) classId = Math.round(data[at + 5]!);
    found.push({ ...corners(data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!), score, classId });
  }
  return found;
}

/** `[boxes]` class numbers, `[boxes, 4]` corners, `[boxes]` scores. */
function labelsBoxesScores(
  labels: NetworkOutput,
  { data, columns }: NetworkOutput,
  scores: NetworkOutput,
  confidence: number,
): Candidate[] {
  const found: Candidate[] = [];
  for (const [row, score] of scores.data.entries()) {
    if (!(score > confidence)) continue;
    const at = row * columns;
    const [x1, y1, x2, y2] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!];
    found.push({ x1, y1, x2, y2, score, classId: Math.round(labels.data[row]!) });
  }
  return found;
}

/**
 * YOLOX without `--decode_in_inference`: centres are offsets from their grid cell, sizes are logarithms, both in units
 * of the level's stride (`decode_outputs` in yolox/models/yolo_head.py). Levels follow each other, row by row.
 */
function decodeGrid(output: NetworkOutput, input: Size, strides: readonly number[]): NetworkOutput {
  const data = output.data.slice();
  let at = 0;
  for (const stride of strides) {
    const gridWidth = Math.floor(input.width / stride);
    const gridHeight = Math.floor(input.height / stride);
    for (let y = 0; y < gridHeight; y++) {
      for (let x = 0; x < gridWidth; x++, at += output.columns) {
        data[at] = (data[at]! + x) * stride;
        data[at + 1] = (data[at + 1]! + y) * stride;
        data[at + 2] = Math.exp(data[at + 2]!) * stride;
        data[at + 3] = Math.exp(data[at + 3]!) * stride;
      }
    }
  }
  return { ...output, data };
}

/** In 32-bit floats, as the reference computes it. */
function corners(x: number, y: number, width: number, height: number) {
  const halfWidth = Math.fround(width / 2);
  const halfHeight = Math.fround(height / 2);
  return {
    x1: Math.fround(x - halfWidth),
    y1: Math.fround(y - halfHeight),
    x2: Math.fround(x + halfWidth),
    y2: Math.fround(y + halfHeight),
  };
}
