import type { Network } from './network.js';
import { byScore, nonMaximumSuppression, type Candidate } from './nms.js';
import type { Size } from './types.js';

/** What to keep of a network's output. */
export interface Thresholds {
  confidence: number;
  iou: number;
  maxDetections: number;
  /** Class numbers to keep; undefined = all. */
  classIds?: number[];
}

/** The first picture's output of a run, row by row. */
export interface NetworkOutput {
  data: Float32Array;
  /** The two dimensions after the batch. */
  rows: number;
  columns: number;
  /** Size of the input that it belongs to. */
  input: Size;
}

/**
 * From the numbers of a network to its boxes, with Ultralytics' rules: score strictly above `confidence`, the best
 * class of an anchor only, then the class filter, then suppression, then the limit.
 *
 * @returns boxes in pixels of the network's input, best first
 */
export function decodeOutput(output: NetworkOutput, network: Network, thresholds: Thresholds): Candidate[] {
  const { iou, maxDetections, classIds } = thresholds;
  const decoded = candidates(output, network, thresholds.confidence);
  const wanted = classIds ? decoded.filter(({ classId }) => classIds.includes(classId)) : decoded;
  if (network.layout === 'end2end') return byScore(wanted).slice(0, maxDetections);
  return nonMaximumSuppression(wanted, iou, maxDetections);
}

function candidates(output: NetworkOutput, network: Network, confidence: number): Candidate[] {
  switch (network.layout) {
    case 'yolov8':
      return channelsFirst(output, confidence);
    case 'yolov5':
    case 'yolox':
      return anchorsFirst(network.gridStrides ? decodeGrid(output, network.gridStrides) : output, confidence);
    case 'end2end':
      return endToEnd(output, confidence);
  }
}

/** `[4 + classes, anchors]`. Walks class by class: that is how the numbers lie in memory. */
function channelsFirst({ data, rows, columns }: NetworkOutput, confidence: number): Candidate[] {
  const best = data.slice(4 * columns, 5 * columns);
  const bestClass = new Int32Array(columns);
  for (let row = 5; row < rows; row++) {
    for (let anchor = 0, at = row * columns; anchor < columns; anchor++, at++) {
      if (data[at]! > best[anchor]!) {
        best[anchor] = data[at]!;
        bestClass[anchor] = row - 4;
      }
    }
  }
  const found: Candidate[] = [];
  for (let anchor = 0; anchor < columns; anchor++) {
    const score = best[anchor]!;
    if (!(score > confidence)) continue;
    const [x, y] = [data[anchor]!, data[columns + anchor]!];
    const [width, height] = [data[2 * columns + anchor]!, data[3 * columns + anchor]!];
    found.push({ ...corners(x, y, width, height), score, classId: bestClass[anchor]! });
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
function endToEnd({ data, rows, columns }: NetworkOutput, confidence: number): Candidate[] {
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
 * YOLOX without `--decode_in_inference`: centres are offsets from their grid cell, sizes are logarithms, both in units
 * of the level's stride (`decode_outputs` in yolox/models/yolo_head.py). Levels follow each other, row by row.
 */
function decodeGrid(output: NetworkOutput, strides: readonly number[]): NetworkOutput {
  const data = output.data.slice();
  let at = 0;
  for (const stride of strides) {
    const gridWidth = Math.floor(output.input.width / stride);
    const gridHeight = Math.floor(output.input.height / stride);
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
