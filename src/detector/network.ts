import type { OutputLayout, Size } from './types.js';

/** An input or output of a network, as ONNX Runtime describes it. Symbolic dimensions are strings. */
export interface TensorDescription {
  name: string;
  type: string;
  dims: (number | string)[];
}

/** One output of a trial run over an empty picture. */
export interface TrialOutput {
  name: string;
  type: string;
  dims: number[];
  /** Largest absolute value in the first two columns of the last dimension: tells pixels from grid offsets. */
  largestCentre: number;
}

/** What a thread found out by loading a model and running it once. */
export interface NetworkTrial {
  input: TensorDescription;
  /** Size of the picture of the trial. */
  size: Size;
  outputs: TrialOutput[];
  warnings: string[];
}

/** All that is needed to feed a network and to read its output. Plain data: it goes to the threads. */
export interface Network {
  layout: OutputLayout;
  inputName: string;
  outputName: string;
  /** Static: exactly this. Dynamic: the longest side. */
  input: Size;
  dynamic: boolean;
  /** Pictures per run. Exported batches larger than one are filled with empty pictures. */
  batch: number;
  /** Sides of dynamic inputs are multiples of this. */
  stride: number;
  /** Number of classes. */
  classes: number;
  /** Set when boxes are still relative to a grid: the strides of its levels. */
  gridStrides?: number[];
  /** End to end: how many rows come out. The network needs at least as many anchors. */
  rows?: number;
}

/** Number of anchors of an anchor-free network: one per cell and level. */
export function countAnchors(input: Size, strides: readonly number[]): number {
  return strides.reduce((sum, stride) => sum + Math.floor(input.width / stride) * Math.floor(input.height / stride), 0);
}
