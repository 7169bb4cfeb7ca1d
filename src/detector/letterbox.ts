import { roundHalfToEven } from './rounding.js';
import type { Size } from './types.js';

/** Where a picture lies inside the network's input: `network = original * scale + offset`. */
export interface Letterbox extends Size {
  /** Size of the picture inside the input. */
  resized: Size;
  left: number;
  top: number;
  scaleX: number;
  scaleY: number;
}

/**
 * Ultralytics' letterbox (`LetterBox` in data/augment.py, `scale_boxes` in utils/ops.py, 8.4): the picture keeps its
 * proportions, as large as fits, in the middle. The way back divides by the ratio of the rounded sizes, per axis.
 *
 * @param minimalPadding pads only to the next multiple of this many pixels instead of to the whole input, which is
 *   what `predict` does for models of dynamic size
 */
export function centredLetterbox(picture: Size, input: Size, minimalPadding?: number): Letterbox {
  const ratio = Math.min(input.height / picture.height, input.width / picture.width);
  const resized = {
    width: Math.max(roundHalfToEven(picture.width * ratio), 1),
    height: Math.max(roundHalfToEven(picture.height * ratio), 1),
  };
  let spareWidth = input.width - resized.width;
  let spareHeight = input.height - resized.height;
  if (minimalPadding !== undefined) {
    spareWidth %= minimalPadding;
    spareHeight %= minimalPadding;
  }
  return {
    width: resized.width + spareWidth,
    height: resized.height + spareHeight,
    resized,
    left: roundHalfToEven(spareWidth / 2 - 0.1),
    top: roundHalfToEven(spareHeight / 2 - 0.1),
    scaleX: resized.width / picture.width,
    scaleY: resized.height / picture.height,
  };
}

/**
 * YOLOX's letterbox (`preproc` in yolox/data/data_augment.py): in the top left corner, sizes cut off by `int()`, one
 * ratio for the way back.
 */
export function topLeftLetterbox(picture: Size, input: Size): Letterbox {
  const ratio = Math.min(input.height / picture.height, input.width / picture.width);
  const resized = {
    width: Math.max(Math.trunc(picture.width * ratio), 1),
    height: Math.max(Math.trunc(picture.height * ratio), 1),
  };
  return { width: input.width, height: input.height, resized, left: 0, top: 0, scaleX: ratio, scaleY: ratio };
}

/** RT-DETR and D-FINE: the picture fills the input, whatever becomes of its proportions. */
export function stretched(picture: Size, input: Size): Letterbox {
  const { width, height } = input;
  return {
    width,
    height,
    resized: { width, height },
    left: 0,
    top: 0,
    scaleX: width / picture.width,
    scaleY: height / picture.height,
  };
}
