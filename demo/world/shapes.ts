import type { Canvas, Polygon } from './canvas.js';
import type { Rgb } from './colour.js';

/** Shapes as polygons in canvas units. */

export const rectangle = (x: number, y: number, width: number, height: number): Polygon => [
  x,
  y,
  x + width,
  y,
  x + width,
  y + height,
  x,
  y + height,
];

export function ellipse(x: number, y: number, radiusX: number, radiusY: number, corners = 16): Polygon {
  const points: number[] = [];
  for (let corner = 0; corner < corners; corner++) {
    const angle = (2 * Math.PI * corner) / corners;
    points.push(x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle));
  }
  return points;
}

/** A bar with round ends, whose half-width goes from `r1` to `r2`: a limb, a pole, a ball in flight. */
export function capsule(x1: number, y1: number, x2: number, y2: number, r1: number, r2 = r1): Polygon {
  const along = Math.atan2(y2 - y1, x2 - x1);
  const points: number[] = [];
  for (let step = 0; step <= 4; step++) {
    const angle = along + Math.PI / 2 + (Math.PI * step) / 4;
    points.push(x1 + r1 * Math.cos(angle), y1 + r1 * Math.sin(angle));
  }
  for (let step = 0; step <= 4; step++) {
    const angle = along - Math.PI / 2 + (Math.PI * step) / 4;
    points.push(x2 + r2 * Math.cos(angle), y2 + r2 * Math.sin(angle));
  }
  return points;
}

/** Five rows of three dots per sign, each row as an octal digit: fonts differ between machines. */
const GLYPHS: Readonly<Record<string, string>> = {
  ...{ A: '25755', B: '65656', C: '34443', D: '65556', E: '74647', F: '74644', G: '34553', H: '55755', I: '72227' },
  ...{ J: '11152', K: '55655', L: '44447', M: '57755', N: '65555', O: '25552', P: '65644', Q: '25531', R: '65655' },
  ...{ S: '34216', T: '72222', U: '55557', V: '55552', W: '55775', X: '55255', Y: '55222', Z: '71247' },
  ...{ 0: '75557', 1: '26227', 2: '71747', 3: '71717', 4: '55711', 5: '74717', 6: '74757', 7: '71111' },
  ...{ 8: '75757', 9: '75717', ':': '02020', '-': '00700', '%': '51245' },
};

/** A rectangle of a text, in dots from its upper left corner. */
interface Bar {
  x: number;
  y: number;
  width: number;
}

/** The horizontal bars of which the signs of a text consist; a sign is 3 dots wide and 5 high, with one dot between. */
export function textBars(text: string): Bar[] {
  return [...text].flatMap((sign, index) =>
    [...(GLYPHS[sign] ?? '')].flatMap((row, y) =>
      barsOfRow(Number(row)).map(([from, width]) => ({ x: index * 4 + from, y, width })),
    ),
  );
}

const barsOfRow = (dots: number): [from: number, width: number][] =>
  (
    [
      [],
      [[2, 1]],
      [[1, 1]],
      [[1, 2]],
      [[0, 1]],
      [
        [0, 1],
        [2, 1],
      ],
      [[0, 2]],
      [[0, 3]],
    ] as [number, number][][]
  )[dots] ?? [];

/** Writes a text whose dots are `dot` units big, with its upper left corner at (x, y). */
export function write(canvas: Canvas, text: string, x: number, y: number, dot: number, colour: Rgb): void {
  for (const bar of textBars(text)) {
    canvas.fill(rectangle(x + bar.x * dot, y + bar.y * dot, bar.width * dot, dot), colour);
  }
}

/** The width of a text in dots. */
export const textWidth = (text: string): number => text.length * 4 - 1;
