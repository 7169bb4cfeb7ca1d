import type { OutputLayout, Size } from './types.js';

/** Element types of pictures that a network may take. */
export type InputType = 'float32' | 'float16' | 'uint8';

/** An input of a network, as ONNX Runtime describes it. Symbolic dimensions are strings. */
export interface TensorDescription<Type = string> {
  name: string;
  type: Type;
  dims: (number | string)[];
}

/** What the numbers of a part of an output were in the trial run. */
export interface ValueRange {
  min: number;
  max: number;
  /** Whether all were whole numbers. */
  whole: boolean;
}

/** One output of a trial run over an empty picture. */
export interface TrialOutput {
  name: string;
  type: string;
  dims: number[];
  /**
   * Outputs of three dimensions: the values by position in the second and in the third dimension. Empty for a dimension
   * that is longer than any row of a box.
   */
  rows: ValueRange[];
  columns: ValueRange[];
}

/** What a thread found out by loading a model and running it once. */
export interface NetworkTrial {
  input: TensorDescription<InputType>;
  /** The input for the size of the original picture, which some DETR exports have. */
  sizeInput?: TensorDescription;
  /** Size of the picture of the trial. */
  size: Size;
  outputs: TrialOutput[];
  warnings: string[];
}

/** All that is needed to feed a network and to read its output. Plain data: it goes to the threads. */
export interface Network {
  layout: OutputLayout;
  inputName: string;
  inputType: InputType;
  /** Name and type of the input `[batch, 2]` for width and height of the original picture. */
  sizeInput?: { name: string; type: string };
  /** One output, or for `detr` three: labels, boxes, scores. */
  outputNames: string[];
  /** Static: exactly this. Dynamic: the longest side. */
  input: Size;
  dynamic: boolean;
  /** Pictures per run. Exported batches larger than one are filled with empty pictures. */
  batch: number;
  /** Sides of dynamic inputs are multiples of this. */
  stride: number;
  /** Number of classes; 0 where the output does not tell. */
  classes: number;
  /** Set when boxes are still relative to a grid: the strides of its levels. */
  gridStrides?: number[];
  /** How many rows an end-to-end head picks. The network needs at least as many anchors. */
  rows?: number;
}

/** Number of anchors of an anchor-free network: one per cell and level. */
export function countAnchors(input: Size, strides: readonly number[]): number {
  return strides.reduce((sum, stride) => sum + Math.floor(input.width / stride) * Math.floor(input.height / stride), 0);
}
