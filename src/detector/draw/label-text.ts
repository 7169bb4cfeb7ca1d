import { glyphs, UNITS_PER_EM, type Glyph } from './glyphs.js';

/** A line of text as SVG path data, its base line starting at (0, 0), in units of the font. */
export interface TextOutline {
  width: number;
  /** One path per character, with its place. */
  characters: { x: number; path: string }[];
}

/** The outline of a text of which every character is known, else undefined. */
function outlineText(text: string): TextOutline | undefined {
  const outline: TextOutline = { width: 0, characters: [] };
  for (const character of text) {
    const glyph = glyphOf(character);
    if (!glyph) return undefined;
    if (glyph.path !== '') outline.characters.push({ x: outline.width, path: glyph.path });
    outline.width += glyph.advance;
  }
  return outline;
}

/** Letters with marks that are not there lose their mark: ş becomes s. */
function glyphOf(character: string): Glyph | undefined {
  return glyphs.get(character) ?? glyphs.get(character.normalize('NFD').charAt(0));
}

/** What a box says: its label, or its class number where the label's script has no outlines, and its confidence. */
export function outlineLabel({ label, classId, confidence }: LabelParts): TextOutline {
  const percent = ` ${Math.round(confidence * 100)}%`;
  const outline = outlineText(label + percent) ?? outlineText(`class ${classId}${percent}`);
  if (!outline) throw new RangeError('The digits have no outlines.');
  return outline;
}

interface LabelParts {
  label: string;
  classId: number;
  confidence: number;
}

/** SVG path elements of a text at a size in pixels; (x, y) is the start of its base line. */
export function textPaths(
  text: TextOutline,
  { x, y, size, fill }: { x: number; y: number; size: number; fill: string },
): string {
  const scale = size / UNITS_PER_EM;
  const paths = text.characters.map(({ x: offset, path }) => `<path transform="translate(${offset})" d="${path}"/>`);
  return `<g fill="${fill}" transform="translate(${x} ${y}) scale(${scale})">${paths.join('')}</g>`;
}
