import type { Graph } from '../graph.js';
import { kernelOf, normalised, type Kernel, type Patch, type Raster } from './templates.js';

/** A convolution: for each output channel, the kernels of the input channels that it reads. */
export function filter<Channel extends string>(
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

/** Sum over a window (normalised to mean), and its first moments in x and y about (0, origin.y) in units of size. */
export function momentKernels(
  raster: Raster,
  window: Patch,
  origin: { y: number; unit: number },
): [Kernel, Kernel, Kernel] {
  const mass = normalised(kernelOf(raster, (cover) => cover(window)));
  const moment = (arm: (x: number, y: number) => number): Kernel => {
    const arms = kernelOf(raster, (_cover, x, y) => arm(x, y) / origin.unit);
    return { ...mass, weights: mass.weights.map((weight, index) => weight * (arms.weights[index] ?? 0)) };
  };
  return [mass, moment((x) => x), moment((_x, y) => y - origin.y)];
}

/** The channels of a tensor, one by one. */
export function split<const Names extends readonly string[]>(
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
