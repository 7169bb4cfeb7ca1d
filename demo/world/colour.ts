/** Red, green, blue, 0..255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** `#rrggbb` as numbers. */
export const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

/** From `a` (share 0) to `b` (share 1). */
export const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + share * (b[0] - a[0]),
  a[1] + share * (b[1] - a[1]),
  a[2] + share * (b[2] - a[2]),
];

export const shade = (colour: Rgb, factor: number): Rgb => [
  Math.min(255, colour[0] * factor),
  Math.min(255, colour[1] * factor),
  Math.min(255, colour[2] * factor),
];

/** Euclidean distance in RGB: rough, but enough to tell two kits apart. */
export const difference = (a: Rgb, b: Rgb): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

export const WHITE: Rgb = [245, 246, 248];
