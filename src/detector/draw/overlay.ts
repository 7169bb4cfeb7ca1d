import type { Detection, PixelBox } from '../../common/types.js';
import type { Size } from '../types.js';
import { classColour } from './class-colour.js';
import { CAP_HEIGHT, UNITS_PER_EM } from './glyphs.js';
import { outlineLabel, textPaths, type TextOutline } from './label-text.js';

/** Everything in pixels of the picture. */
interface Style {
  line: number;
  /** Of the text, per em. */
  size: number;
  /** Between the text and the border of its plate. */
  margin: number;
}

interface Plate extends PixelBox {
  text: TextOutline;
}

/**
 * Boxes with labels on plates, as an SVG of the picture's size. Lines and letters grow with the picture; the best boxes
 * lie on top; a plate goes where it covers least of other plates: above its box, inside it, or below.
 */
export function boxOverlay({ width, height }: Size, detections: readonly Detection[]): string {
  const style = styleFor({ width, height });
  const plates: Plate[] = [];
  // The best are placed first and drawn last.
  for (const detection of detections) plates.push(placePlate(detection, style, { width, height }, plates));
  const boxes = detections.map((detection) => drawBox(detection, style, { width, height }));
  const labels = detections.map((detection, i) => drawPlate(detection, plates[i]!, style));
  const drawing = [...boxes.reverse(), ...labels.reverse()].join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawing}</svg>`;
}

function styleFor({ width, height }: Size): Style {
  const side = Math.sqrt(width * height);
  const size = Math.max(11, side * 0.019);
  return { line: Math.max(1.5, side * 0.0028), size, margin: size * 0.32 };
}

function drawBox({ classId, ...box }: Detection, { line }: Style, picture: Size): string {
  // Half of a line would lie outside the picture where a box reaches its edge.
  const inset = line / 2;
  const x = Math.max(box.x1, inset);
  const y = Math.max(box.y1, inset);
  const width = Math.max(Math.min(box.x2, picture.width - inset) - x, 0);
  const height = Math.max(Math.min(box.y2, picture.height - inset) - y, 0);
  const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="none" stroke-linejoin="round"`;
  // A dark rim keeps the line visible on ground of its own colour.
  const rim = `<rect ${place} stroke="#000" stroke-opacity="0.45" stroke-width="${round(line * 1.9)}"/>`;
  return `${rim}<rect ${place} stroke="${classColour(classId).colour}" stroke-width="${round(line)}"/>`;
}

function placePlate(detection: Detection, style: Style, picture: Size, others: readonly Plate[]): Plate {
  const text = outlineLabel(detection);
  const { line, size, margin } = style;
  const width = (text.width * size) / UNITS_PER_EM + 2 * margin;
  const height = (CAP_HEIGHT * size) / UNITS_PER_EM + 2 * margin;
  const x1 = clamp(detection.x1 - line / 2, picture.width - width);
  const tops = [detection.y1 - line / 2 - height, detection.y1 + line / 2, detection.y2 + line / 2];
  const places = tops.map((top) => {
    const y1 = clamp(top, picture.height - height);
    return { text, x1, y1, x2: x1 + width, y2: y1 + height };
  });
  const covered = places.map((place) => others.reduce((sum, other) => sum + commonArea(place, other), 0));
  return places[covered.indexOf(Math.min(...covered))]!;
}

function drawPlate({ classId }: Detection, plate: Plate, { size, margin }: Style): string {
  const { colour, text } = classColour(classId);
  const width = plate.x2 - plate.x1;
  const height = plate.y2 - plate.y1;
  const rect = `<rect x="${round(plate.x1)}" y="${round(plate.y1)}" width="${round(width)}" height="${round(height)}" rx="${round(size * 0.14)}" fill="${colour}"/>`;
  return rect + textPaths(plate.text, { x: round(plate.x1 + margin), y: round(plate.y2 - margin), size, fill: text });
}

function commonArea(a: PixelBox, b: PixelBox): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  return Math.max(width, 0) * Math.max(height, 0);
}

function clamp(value: number, limit: number): number {
  return Math.max(0, Math.min(value, limit));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
