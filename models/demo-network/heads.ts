import type { Graph } from '../graph.js';
import { split } from './filters.js';

/** 640x360 fits without scaling; 384 is the next multiple of the largest usual stride, 32. */
export const WIDTH = 640;
export const HEIGHT = 384;

/** One prediction for people and one for the ball per cell of this many pixels. */
const STRIDE = 4;
const ROWS = HEIGHT / STRIDE;
const COLUMNS = WIDTH / STRIDE;
export const CELLS = ROWS * COLUMNS;

/** How strongly the best scale wins when sizes are averaged over scales. */
const SCALE_SHARPNESS = 12;
/** A cell that is not the best of its neighbourhood loses this much per unit of response: far below any threshold. */
const SUPPRESSION = 60;

export interface Predictions {
  /** [1,4,cells]: centre x, centre y, width, height in pixels of the input */
  boxes: string;
  /** [1,classes,cells], 0..1 */
  scores: string;
}

/** Confidence = sigmoid(steepness · (response - middle)), with one middle per class. */
export interface Calibration {
  steepness: number;
  middles: readonly number[];
}

/** How much each scale counts at each cell: softmax of the responses, [1,scales,rows,columns]. */
export function scaleShares(graph: Graph, responses: readonly string[]): string {
  const stacked = graph.add('Concat', responses, { axis: 1 });
  return graph.add('Softmax', [graph.add('Mul', [stacked, graph.scalar(SCALE_SHARPNESS)])], { axis: 1 });
}

/** The geometric mean of the sizes, weighted by the shares. */
export function logMean(graph: Graph, shares: string, sizes: readonly number[]): string {
  const logs = graph.constant([1, sizes.length, 1, 1], sizes.map(Math.log));
  return graph.add('Exp', [graph.add('Conv', [shares, logs])]);
}

/** Boxes [1,4,cells] centred where the coloured mass is: cell centre + size · (first moment / mass). */
export function boxesAt(
  graph: Graph,
  shares: string,
  perScale: readonly { moments: string }[],
  width: string,
  height: string,
): string {
  // [1,scales·3,…] seen as [1,scales,3,rows,columns], weighted by the shares and summed over the scales.
  const stacked = graph.add(
    'Concat',
    perScale.map((scale) => scale.moments),
    { axis: 1 },
  );
  const shape = (dims: number[]): string => graph.constant([dims.length], dims, 'int64');
  const moments = graph.add('Reshape', [stacked, shape([1, perScale.length, 3, ROWS, COLUMNS])]);
  const weights = graph.add('Reshape', [shares, shape([1, perScale.length, 1, ROWS, COLUMNS])]);
  const weighted = graph.add('Mul', [moments, weights]);
  const sum = graph.add('ReduceSum', [weighted, shape([1])], { keepdims: 0 });
  const [mass, x, y] = split(graph, sum, ['mass', 'x', 'y'], perScale.length);
  const someMass = graph.add('Add', [mass, graph.scalar(1e-4)]);
  const centre = (moment: string, axis: 'x' | 'y'): string => {
    const offset = graph.add('Mul', [graph.add('Div', [moment, someMass]), height]);
    return graph.add('Add', [offset, cellCentres(graph, axis)]);
  };
  const box = graph.add('Concat', [centre(x, 'x'), centre(y, 'y'), width, height], { axis: 1 });
  return graph.add('Reshape', [box, shape([1, 4, CELLS])]);
}

function cellCentres(graph: Graph, axis: 'x' | 'y'): string {
  const count = axis === 'x' ? COLUMNS : ROWS;
  const centres = Array.from({ length: count }, (_, index) => (index + 0.5) * STRIDE);
  return graph.constant(axis === 'x' ? [1, 1, 1, COLUMNS] : [1, 1, ROWS, 1], centres);
}

/** Confidences [1,classes,cells]; cells that are not the best of their neighbourhood get about 0. */
export function peakScores(
  graph: Graph,
  responses: string,
  best: string,
  neighbourhood: readonly [number, number],
  { steepness, middles }: Calibration,
): string {
  const [rows, columns] = neighbourhood.map((side) => (side - 1) / 2) as [number, number];
  const peak = graph.add('MaxPool', [best], {
    kernel_shape: neighbourhood,
    pads: [rows, columns, rows, columns],
    strides: [1, 1],
  });
  const penalty = graph.add('Mul', [graph.add('Sub', [peak, best]), graph.scalar(SUPPRESSION)]);
  const above = graph.add('Mul', [
    graph.add('Sub', [responses, graph.constant([1, middles.length, 1, 1], middles)]),
    graph.scalar(steepness),
  ]);
  const scores = graph.add('Sigmoid', [graph.add('Sub', [above, penalty])]);
  return graph.add('Reshape', [scores, graph.constant([3], [1, -1, CELLS], 'int64')]);
}
