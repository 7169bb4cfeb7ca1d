/** The golden angle: each class's hue lies as far as can be from those of the classes before it. */
const GOLDEN_ANGLE = 137.508;

/** Alternating, so that two classes whose hues come close still differ. */
const LIGHTNESS = [0.52, 0.64, 0.42];

/** A class's colour, the same in every picture, and black or white, whichever reads better on it. */
export function classColour(classId: number): { colour: string; text: string } {
  const [red, green, blue] = fromHsl((classId * GOLDEN_ANGLE + 8) % 360, 0.88, LIGHTNESS[classId % LIGHTNESS.length]!);
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  // Contrast as WCAG 2 defines it: with black (L + 0.05) / 0.05, with white 1.05 / (L + 0.05).
  const text = (luminance + 0.05) ** 2 > 0.05 * 1.05 ? '#000' : '#fff';
  const hex = [red, green, blue]
    .map((share) =>
      Math.round(share * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('');
  return { colour: `#${hex}`, text };
}

/** Shares of red, green and blue; CSS Color 4, section 7. */
function fromHsl(hue: number, saturation: number, lightness: number): [number, number, number] {
  const share = (n: number) => {
    const k = (n + hue / 30) % 12;
    return lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [share(0), share(8), share(4)];
}

/** sRGB to linear light. */
function linear(share: number): number {
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
