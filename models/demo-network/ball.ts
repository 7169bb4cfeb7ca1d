import type { Graph } from '../graph.js';
import { FEATURES, FINE, type FeatureMaps } from './features.js';
import { filter, momentKernels } from './filters.js';
import { boxesAt, logMean, peakScores, scaleShares, type Calibration, type Predictions } from './heads.js';
import { combine, kernelOf, normalised, type Kernel, type Raster } from './templates.js';

/** Diameters in pixels that the ball's filters look for. */
const BALL_SIZES = [5, 7, 10, 14] as const;

/** Chosen by eye on the three clips. */
const BALL_SCORE: Calibration = { steepness: 6, middles: [1.38] };

/** The ball: one box and score per cell. */
export function detectBalls(graph: Graph, features: FeatureMaps): Predictions {
  const channels = ['white', 'grass'] as const;
  const indices = graph.constant(
    [channels.length],
    channels.map((name) => FEATURES.indexOf(name)),
    'int64',
  );
  const input = graph.add('Gather', [features.fine, indices], { axis: 1 });
  const perScale = BALL_SIZES.map((size) => {
    const reach = Math.ceil((size / 2 + 2.5 + 0.35 * size) / 2);
    // At every 2 pixels, then the best of 2 x 2: a ball of 5 pixels is easily missed between the cells of the grid.
    const everywhere = { stride: 1, dilation: 1 };
    const raster: Raster = { cell: 2, shift: 0, reach: [reach, reach] };
    const responses = filter(graph, input, channels, [ballFilter(raster, size)], raster, everywhere);
    const around: Raster = { cell: 2, shift: FINE.shift, reach: [reach, reach] };
    const side = 0.5 * size + 2.5;
    const window = { x1: -side, y1: -side, x2: side, y2: side };
    const kernels = momentKernels(around, window, { y: 0, unit: size }).map((white) => ({ white }));
    return {
      response: graph.add('MaxPool', [responses], { kernel_shape: [2, 2], strides: [2, 2] }),
      moments: filter(graph, input, channels, kernels, around, FINE),
    };
  });
  const responses = perScale.map((scale) => scale.response);
  const best = graph.add('Max', responses);
  const shares = scaleShares(graph, responses);
  const size = logMean(graph, shares, BALL_SIZES);
  return {
    boxes: boxesAt(graph, shares, perScale, size, size),
    scores: peakScores(graph, best, best, [5, 5], BALL_SCORE),
  };
}

/** A white disk in a ring of grass that has little white, so that lines do not count. */
function ballFilter(raster: Raster, size: number): Record<'white' | 'grass', Kernel> {
  const disk = normalised(kernelOf(raster, (_cover, x, y) => inside(size / 2 - Math.hypot(x, y))));
  const ring = normalised(
    kernelOf(raster, (_cover, x, y) => {
      const beyond = Math.hypot(x, y) - size / 2;
      return inside(beyond - 1.5) * inside(2 + 0.35 * size - beyond);
    }),
  );
  return {
    white: combine([
      [1, disk],
      [-1.5, ring],
    ]),
    grass: combine([[0.8, ring]]),
  };
}

/** 1 well inside, 0 outside, a linear edge of one cell (2 pixels) between. */
const inside = (depth: number): number => Math.min(1, Math.max(0, 0.5 + depth / 2));
