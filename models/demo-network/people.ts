import type { Graph } from '../graph.js';
import { COARSE, FEATURES, FINE, MIDDLE, type Feature, type FeatureMaps } from './features.js';
import { filter, momentKernels, split } from './filters.js';
import { boxesAt, logMean, peakScores, scaleShares, type Calibration, type Predictions } from './heads.js';
import { combine, meanOver, type Kernel, type Patch, type Raster } from './templates.js';

/** Body heights in pixels that the people's filters look for, a factor of 1.3 apart. */
const BODY_HEIGHTS = [20, 26, 34, 44, 57, 74, 96] as const;
/** Mean width of a person's box over its height, between standing (0.26) and sprinting (0.5). */
const BODY_ASPECT = 0.33;
/** For players and referees; chosen by eye on the three clips. */
const PERSON_SCORE: Calibration = { steepness: 6, middles: [1.1, 1.2] };

/** Players and referees: one box per cell, the scores of both. */
export function detectPeople(graph: Graph, features: FeatureMaps): Predictions {
  const shirts = {
    fine: anyShirt(graph, features.fine),
    middle: anyShirt(graph, features.middle),
    coarse: anyShirt(graph, features.coarse),
  };
  const perScale = BODY_HEIGHTS.map((height) => {
    // About 5-10 cells across a body, whatever its size: finer would only cost time.
    const { map, cell, shift, stride, dilation } = height < 30 ? FINE : height < 70 ? MIDDLE : COARSE;
    const raster: Raster = {
      cell,
      shift,
      reach: [Math.ceil((0.62 * height) / cell), Math.ceil((0.42 * height) / cell)],
    };
    const steps = { stride, dilation };
    const responses = filter(graph, features[map], FEATURES, shirtFilters(raster, height), raster, steps);
    const moments = filter(graph, shirts[map], ['shirt'], centroidFilters(raster, height), raster, steps);
    const [red, blue, referee] = split(graph, responses, ['red', 'blue', 'referee'], height);
    return { player: graph.add('Max', [red, blue]), referee, moments };
  });
  const player = graph.add(
    'Max',
    perScale.map((scale) => scale.player),
  );
  const referee = graph.add(
    'Max',
    perScale.map((scale) => scale.referee),
  );
  const shares = scaleShares(
    graph,
    perScale.map((scale) => graph.add('Max', [scale.player, scale.referee])),
  );
  const height = logMean(graph, shares, BODY_HEIGHTS);
  const width = graph.add('Mul', [height, graph.scalar(BODY_ASPECT)]);
  const boxes = boxesAt(graph, shares, perScale, width, height);
  const responses = graph.add('Concat', [player, referee], { axis: 1 });
  return { boxes, scores: peakScores(graph, responses, graph.add('Max', [player, referee]), [9, 5], PERSON_SCORE) };
}

/**
 * A body of the given height centred on the cell: the shirt's colour on the trunk, not beside it, not above the head, not
 * on the shorts; grass beside the legs. Shares of the height as the figures of the footage have them.
 */
function shirtFilters(raster: Raster, height: number): Partial<Record<Feature, Kernel>>[] {
  const patch = (x1: number, y1: number, x2: number, y2: number): Patch => ({
    x1: x1 * height,
    y1: y1 * height,
    x2: x2 * height,
    y2: y2 * height,
  });
  const trunk = meanOver(raster, [patch(-0.12, -0.33, 0.12, -0.01)]);
  const beside = meanOver(raster, [patch(-0.32, -0.35, -0.2, 0.02), patch(0.2, -0.35, 0.32, 0.02)]);
  const above = meanOver(raster, [patch(-0.16, -0.6, 0.16, -0.46)]);
  const shorts = meanOver(raster, [patch(-0.12, 0.03, 0.12, 0.13)]);
  const legs = meanOver(raster, [patch(-0.4, 0.05, -0.26, 0.5), patch(0.26, 0.05, 0.4, 0.5)]);
  const shirt = combine([
    [1, trunk],
    [-0.9, beside],
    [-0.4, above],
    [-0.5, shorts],
  ]);
  const grass = combine([
    [0.25, beside],
    [0.35, legs],
  ]);
  return (['red', 'blue', 'yellow'] as const).map((colour) => ({ [colour]: shirt, grass }));
}

/** Mass of shirt colour around the expected trunk, and its first moments about the trunk's centre in body heights. */
function centroidFilters(raster: Raster, height: number): { shirt: Kernel }[] {
  const window: Patch = { x1: -0.22 * height, y1: -0.4 * height, x2: 0.22 * height, y2: 0.06 * height };
  return momentKernels(raster, window, { y: -0.17 * height, unit: height }).map((shirt) => ({ shirt }));
}

/** Sum of the shirt colours: [1,1,rows,columns]. */
function anyShirt(graph: Graph, features: string): string {
  const isShirt = FEATURES.map((feature) => (feature === 'red' || feature === 'blue' || feature === 'yellow' ? 1 : 0));
  return graph.add('Conv', [features, graph.constant([1, FEATURES.length, 1, 1], isShirt)]);
}
