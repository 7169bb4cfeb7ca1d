/**
 * How much fine detail a picture holds: the variance of its Laplacian (Pech-Pacheco et al., "Diatom autofocusing in
 * brightfield microscopy", ICPR 2000). It only compares pictures of one scene; across scenes it says more about what is
 * in them, so there is no threshold for it.
 *
 * @param brightness one number per pixel, row by row
 */
export function sharpness(brightness: ArrayLike<number>, width: number, height: number): number {
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      const laplacian =
        4 * brightness[at]! -
        brightness[at - 1]! -
        brightness[at + 1]! -
        brightness[at - width]! -
        brightness[at + width]!;
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return squares / count - (sum / count) ** 2;
}

/** Every pixel's brightness, Rec. 601 luma 0..255, of 8-bit RGB. */
export function brightnessOf(rgb: Uint8Array): Float32Array {
  const brightness = new Float32Array(rgb.length / 3);
  for (let pixel = 0, at = 0; pixel < brightness.length; pixel++, at += 3) {
    brightness[pixel] = 0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!;
  }
  return brightness;
}
