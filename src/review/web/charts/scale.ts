/**
 * Round values from 0 up to at least `max`, about `count` of them: 1, 2 or 5 times a power of ten apart, as axes are
 * labelled. Counts are whole, so the step is never below 1.
 */
export function ticks(max: number, count: number): number[] {
  const rough = Math.max(max, 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough);
  const values = [0];
  while ((values.at(-1) ?? 0) < max || values.length === 1) values.push(values.length * step);
  return values;
}

/** Every how many labels one is written, so that they do not run into each other. */
export function labelEvery(count: number, room: number, each: number): number {
  return Math.max(1, Math.ceil((count * each) / Math.max(room, 1)));
}
