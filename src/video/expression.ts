/**
 * A sum of terms in the language of FFmpeg's expressions: true where one of them is. Nested, because its parser refuses
 * long sums, as being too deep.
 */
export function anyOf(terms: readonly string[]): string {
  if (terms.length <= 2) return terms.length === 0 ? '0' : terms.join('+');
  const half = Math.ceil(terms.length / 2);
  return `(${anyOf(terms.slice(0, half))})+(${anyOf(terms.slice(half))})`;
}

/** Packets by their position in the file; undefined for none. */
export function atPositions(positions: readonly number[]): string | undefined {
  return positions.length === 0 ? undefined : anyOf(positions.map((position) => `eq(pos,${position})`));
}
