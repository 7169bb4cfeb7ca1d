/** 16-bit floats (IEEE 754 binary16), which Node.js 20 has no array type for: ONNX Runtime takes and gives their bits. */

const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);

/** The bits of the half nearest to a 32-bit float, ties to even; too large becomes infinity. */
export function toHalf(value: number): number {
  single[0] = value;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 and above round to infinity, 65504 being the greatest half.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: whole multiples of 2^-24. Adding 0.5 makes the float's own rounding cut at that place.
    single[0] = Math.abs(Math.fround(value)) + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let values: Float32Array | undefined;

/** Halves, given by their bits, as 32-bit floats. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  values ??= Float32Array.from({ length: 65536 }, (_, half) => fromHalf(half));
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = values[halves[i]!]!;
  return floats;
}
