import type { Graph } from '../graph.js';

/** Feature maps, in the order of the channels. */
export const FEATURES = ['red', 'blue', 'yellow', 'white', 'grass'] as const;
export type Feature = (typeof FEATURES)[number];

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

/** Feature maps whose cells have 2, 4 and 8 pixels. The last overlap: one starts every 4 pixels, as the grid needs. */
export interface FeatureMaps {
  /** [1,5,192,320] */
  fine: string;
  /** [1,5,96,160] */
  middle: string;
  /** [1,5,96,160] */
  coarse: string;
}

export function colourFeatures(graph: Graph): FeatureMaps {
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

/**
 * How a convolution reads each map so that its outputs lie on the grid of 4-pixel cells. The middle cell of a stride-2
 * convolution over 2-pixel cells lies one pixel before the centre of the 4-pixel cell; a coarse cell reaches 4 pixels
 * beyond the 4-pixel cell at which it starts.
 */
export const FINE = { map: 'fine', cell: 2, shift: -1, stride: 2, dilation: 1 } as const;
export const MIDDLE = { map: 'middle', cell: 4, shift: 0, stride: 1, dilation: 1 } as const;
export const COARSE = { map: 'coarse', cell: 8, shift: 2, stride: 1, dilation: 2 } as const;
