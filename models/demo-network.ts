import { Graph } from './graph.js';
import type { OnnxModelSpec } from './onnx-writer.js';
import { combine, kernelOf, meanOver, normalised, type Kernel, type Patch, type Raster } from './templates.js';

const NAMES = ['player', 'referee', 'ball'] as const;

/** 640x360 fits without scaling; 384 is the next multiple of the largest usual stride, 32. */
const WIDTH = 640;
const HEIGHT = 384;

/** One prediction for people and one for the ball per cell of this many pixels. */
const STRIDE = 4;
const ROWS = HEIGHT / STRIDE;
const COLUMNS = WIDTH / STRIDE;
const CELLS = ROWS * COLUMNS;

/** Feature maps, in the order of the channels. */
const FEATURES = ['red', 'blue', 'yellow', 'white', 'grass'] as const;
type Feature = (typeof FEATURES)[number];

/**
 * Colour opponency of a pixel with channels 0..1, `gain * (r·R + g·G + b·B - threshold)` cut to 0..1. The thresholds lie
 * between the kits and what else has a similar hue: skin and brown, navy and the studio wall, grass, grey.
 */
const COLOURS: Record<Feature, { weights: readonly [number, number, number]; threshold: number; gain: number }> = {
  red: { weights: [2, -1, -1], threshold: 0.55, gain: 2 },
  blue: { weights: [-1, -1, 2], threshold: 0.5, gain: 2 },
  yellow: { weights: [1, 1, -2], threshold: 0.7, gain: 2 },
  white: { weights: [1, 1, 1], threshold: 2.2, gain: 2 },
  grass: { weights: [-1, 2, -1], threshold: 0.2, gain: 3 },
};

/** Body heights in pixels that the people's filters look for, a factor of 1.3 apart. */
const BODY_HEIGHTS = [20, 26, 34, 44, 57, 74, 96] as const;
/** Mean width of a person's box over its height, between standing (0.26) and sprinting (0.5). */
const BODY_ASPECT = 0.33;
/** Diameters in pixels that the ball's filters look for. */
const BALL_SIZES = [5, 7, 10, 14] as const;

/** Confidence = sigmoid(steepness · (response - middle)), one middle per class, chosen by eye on the three clips. */
const PERSON_SCORE = { steepness: 6, middles: [1.1, 1.2] };
const BALL_SCORE = { steepness: 6, middles: [1.38] };
/** How strongly the best scale wins when sizes are averaged over scales. */
const SCALE_SHARPNESS = 12;
/** A cell that is not the best of its neighbourhood loses this much per unit of response: far below any threshold. */
const SUPPRESSION = 60;

/** The graph and metadata of the demo detector: images [1,3,384,640] → output0 [1,4+3,2·96·160]. */
export function buildDemoNetwork(): OnnxModelSpec {
  const graph = new Graph();
  const features = colourFeatures(graph);
  const people = detectPeople(graph, features);
  const ball = detectBalls(graph, features);

  const zero = graph.add('Mul', [ball.scores, graph.scalar(0)]);
  const boxes = graph.add('Concat', [people.boxes, ball.boxes], { axis: 2 });
  const peopleScores = graph.add('Concat', [people.scores, zero], { axis: 1 });
  const ballScores = graph.add('Concat', [zero, zero, ball.scores], { axis: 1 });
  const scores = graph.add('Concat', [peopleScores, ballScores], { axis: 2 });
  graph.add('Concat', [boxes, scores], { axis: 1 }, 'output0');

  return graph.spec({
    inputs: [{ name: 'images', dims: [1, 3, HEIGHT, WIDTH] }],
    outputs: [{ name: 'output0', dims: [1, 4 + NAMES.length, 2 * CELLS] }],
    metadata: {
      description: 'Frameloop demo detector: matched filters for the bundled match footage, weights made by hand',
      author: 'Frameloop',
      license: 'MIT',
      version: '1.0.0',
      task: 'detect',
      stride: '32',
      batch: '1',
      channels: '3',
      imgsz: `[${HEIGHT}, ${WIDTH}]`,
      names: `{${NAMES.map((name, index) => `${index}: '${name}'`).join(', ')}}`,
      args: "{'batch': 1, 'dynamic': False, 'nms': False}",
      end2end: 'False',
    },
  });
}

/** Feature maps whose cells have 2, 4 and 8 pixels. The last overlap: one starts every 4 pixels, as the grid needs. */
interface FeatureMaps {
  /** [1,5,192,320] */
  fine: string;
  /** [1,5,96,160] */
  middle: string;
  /** [1,5,96,160] */
  coarse: string;
}

function colourFeatures(graph: Graph): FeatureMaps {
  const colours = FEATURES.map((feature) => COLOURS[feature]);
  const weights = colours.flatMap(({ weights: rgb, gain }) => rgb.map((weight) => weight * gain));
  const bias = colours.map(({ threshold, gain }) => -threshold * gain);
  const opponency = graph.add('Conv', [
    'images',
    graph.constant([FEATURES.length, 3, 1, 1], weights),
    graph.constant([FEATURES.length], bias),
  ]);
  const cut = graph.add('Clip', [opponency, graph.scalar(0), graph.scalar(1)]);
  const fine = graph.add('AveragePool', [cut], { kernel_shape: [2, 2], strides: [2, 2] });
  const middle = graph.add('AveragePool', [fine], { kernel_shape: [2, 2], strides: [2, 2] });
  const coarse = graph.add('AveragePool', [middle], { kernel_shape: [2, 2], strides: [1, 1], pads: [0, 0, 1, 1] });
  return { fine, middle, coarse };
}

/** A convolution: for each output channel, the kernels of the input channels that it reads. */
function filter<Channel extends string>(
  graph: Graph,
  input: string,
  channels: readonly Channel[],
  outputs: readonly Partial<Record<Channel, Kernel>>[],
  raster: Raster,
  steps: { stride: number; dilation: number },
): string {
  const [rows, columns] = raster.reach;
  const nothing = new Float64Array((2 * rows + 1) * (2 * columns + 1));
  const weights = outputs.flatMap((kernels) =>
    channels.flatMap((channel) => [...(kernels[channel]?.weights ?? nothing)]),
  );
  const dims = [outputs.length, channels.length, 2 * rows + 1, 2 * columns + 1];
  const [padY, padX] = [rows * steps.dilation, columns * steps.dilation];
  return graph.add('Conv', [input, graph.constant(dims, weights)], {
    kernel_shape: dims.slice(2),
    pads: [padY, padX, padY, padX],
    strides: [steps.stride, steps.stride],
    dilations: [steps.dilation, steps.dilation],
  });
}

/**
 * How a convolution reads each map so that its outputs lie on the grid of 4-pixel cells. The middle cell of a stride-2
 * convolution over 2-pixel cells lies one pixel before the centre of the 4-pixel cell; a coarse cell reaches 4 pixels
 * beyond the 4-pixel cell at which it starts.
 */
const FINE = { map: 'fine', cell: 2, shift: -1, stride: 2, dilation: 1 } as const;
const MIDDLE = { map: 'middle', cell: 4, shift: 0, stride: 1, dilation: 1 } as const;
const COARSE = { map: 'coarse', cell: 8, shift: 2, stride: 1, dilation: 2 } as const;

interface Predictions {
  /** [1,4,cells]: centre x, centre y, width, height in pixels of the input */
  boxes: string;
  /** [1,classes,cells], 0..1 */
  scores: string;
}

function detectPeople(graph: Graph, features: FeatureMaps): Predictions {
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

/** Sum over a window (normalised to mean), and its first moments in x and y about (0, origin.y) in units of size. */
function momentKernels(raster: Raster, window: Patch, origin: { y: number; unit: number }): [Kernel, Kernel, Kernel] {
  const mass = normalised(kernelOf(raster, (cover) => cover(window)));
  const moment = (arm: (x: number, y: number) => number): Kernel => {
    const arms = kernelOf(raster, (_cover, x, y) => arm(x, y) / origin.unit);
    return { ...mass, weights: mass.weights.map((weight, index) => weight * (arms.weights[index] ?? 0)) };
  };
  return [mass, moment((x) => x), moment((_x, y) => y - origin.y)];
}

/** Sum of the shirt colours: [1,1,rows,columns]. */
function anyShirt(graph: Graph, features: string): string {
  const isShirt = FEATURES.map((feature) => (feature === 'red' || feature === 'blue' || feature === 'yellow' ? 1 : 0));
  return graph.add('Conv', [features, graph.constant([1, FEATURES.length, 1, 1], isShirt)]);
}

function detectBalls(graph: Graph, features: FeatureMaps): Predictions {
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

/** The channels of a tensor, one by one. */
function split<const Names extends readonly string[]>(
  graph: Graph,
  input: string,
  names: Names,
  size: number,
): { [Index in keyof Names]: string } {
  const lengths = graph.constant(
    [names.length],
    names.map(() => 1),
    'int64',
  );
  const outputs = names.map((name) => `${name}_${size}`) as { [Index in keyof Names]: string };
  return graph.addMany('Split', [input, lengths], outputs, { axis: 1 });
}

/** How much each scale counts at each cell: softmax of the responses, [1,scales,rows,columns]. */
function scaleShares(graph: Graph, responses: readonly string[]): string {
  const stacked = graph.add('Concat', responses, { axis: 1 });
  return graph.add('Softmax', [graph.add('Mul', [stacked, graph.scalar(SCALE_SHARPNESS)])], { axis: 1 });
}

/** The geometric mean of the sizes, weighted by the shares. */
function logMean(graph: Graph, shares: string, sizes: readonly number[]): string {
  const logs = graph.constant([1, sizes.length, 1, 1], sizes.map(Math.log));
  return graph.add('Exp', [graph.add('Conv', [shares, logs])]);
}

/** Boxes [1,4,cells] centred where the coloured mass is: cell centre + size · (first moment / mass). */
function boxesAt(
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
function peakScores(
  graph: Graph,
  responses: string,
  best: string,
  neighbourhood: readonly [number, number],
  { steepness, middles }: { steepness: number; middles: readonly number[] },
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
