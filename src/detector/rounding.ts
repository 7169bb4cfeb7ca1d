/** Python's `round`: halves go to the even neighbour. A row more or less moves boxes by whole pixels. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  // + 0: Python's integers know no -0.
  if (value - floor !== 0.5) return Math.round(value) + 0;
  return floor % 2 === 0 ? floor : floor + 1;
}
