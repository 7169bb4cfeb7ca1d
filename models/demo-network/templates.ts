/** A rectangle relative to the centre of a grid cell, in pixels; y points down. */
export interface Patch {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** A convolution kernel of one channel: `size[0]` rows of `size[1]` weights. */
export interface Kernel {
  size: readonly [rows: number, columns: number];
  weights: Float64Array;
}

/** How the pixels of a feature map lie around the centre of a grid cell. */
export interface Raster {
  /** Side of one feature cell in pixels of the picture. */
  cell: number;
  /** Where the centre of the kernel's middle cell lies from the centre of the grid cell, in pixels. */
  shift: number;
  /** Half the extent of the kernel in cells. */
  reach: readonly [rows: number, columns: number];
}

/** The share of the interval of one cell that [low, high] covers. */
function overlap(raster: Raster, index: number, low: number, high: number): number {
  const centre = raster.shift + index * raster.cell;
  const covered = Math.min(high, centre + raster.cell / 2) - Math.max(low, centre - raster.cell / 2);
  return Math.max(0, covered) / raster.cell;
}

/** Builds a kernel by asking for the weight of each cell; the callback gets the cell's centre and its coverage of a patch. */
export function kernelOf(
  raster: Raster,
  weight: (cover: (patch: Patch) => number, x: number, y: number) => number,
): Kernel {
  const [rows, columns] = raster.reach;
  const size = [2 * rows + 1, 2 * columns + 1] as const;
  const weights = new Float64Array(size[0] * size[1]);
  for (let row = -rows; row <= rows; row++) {
    for (let column = -columns; column <= columns; column++) {
      const cover = (patch: Patch): number =>
        overlap(raster, column, patch.x1, patch.x2) * overlap(raster, row, patch.y1, patch.y2);
      const x = raster.shift + column * raster.cell;
      const y = raster.shift + row * raster.cell;
      weights[(row + rows) * size[1] + column + columns] = weight(cover, x, y);
    }
  }
  return { size, weights };
}

/** A kernel that averages a feature over patches (together, by area). */
export function meanOver(raster: Raster, patches: readonly Patch[]): Kernel {
  return normalised(kernelOf(raster, (cover) => patches.reduce((sum, patch) => sum + cover(patch), 0)));
}

export function normalised(kernel: Kernel): Kernel {
  const sum = kernel.weights.reduce((total, weight) => total + weight, 0);
  return { ...kernel, weights: kernel.weights.map((weight) => weight / sum) };
}

/** Σ factor · kernel, for kernels of one size. */
export function combine(terms: readonly (readonly [factor: number, kernel: Kernel])[]): Kernel {
  const first = terms[0]?.[1];
  if (first === undefined) throw new Error('Nothing to combine.');
  const weights = first.weights.map((_, index) =>
    terms.reduce((sum, [factor, kernel]) => sum + factor * (kernel.weights[index] ?? 0), 0),
  );
  return { size: first.size, weights };
}
