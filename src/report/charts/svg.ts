/** The colours of the report by their names; the page says what they are in light and in dark. */
export type Colour = 'blue' | 'orange' | 'green' | 'red' | 'purple' | 'grey' | 'ink' | 'muted' | 'line' | 'card';

/** Colours of the light page, which files of their own have. */
export const lightColours: Record<Colour, string> = {
  ...{ blue: '#2f6fd0', orange: '#d97a1e', green: '#24936a', red: '#cc4455', purple: '#7d5bbe', grey: '#a3abb8' },
  ...{ ink: '#1c2430', muted: '#5b6675', line: '#dde2ea', card: '#ffffff' },
};

export const darkColours: Record<Colour, string> = {
  ...{ blue: '#6ba3f5', orange: '#f0a04b', green: '#4cc294', red: '#f07b88', purple: '#ad92e6', grey: '#697485' },
  ...{ ink: '#e6eaf0', muted: '#9aa5b4', line: '#323b48', card: '#1b222c' },
};

export const colour = (name: Colour): string => `var(--${name})`;

/** Text for HTML and SVG. */
export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A chart; `title` is what a screen reader says. */
export function chart(width: number, height: number, title: string, content: readonly string[]): string {
  return (
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escape(title)}" ` +
    `xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" font-size="12">${content.join('')}</svg>`
  );
}

export interface TextStyle {
  anchor?: 'start' | 'middle' | 'end';
  fill?: Colour;
  bold?: boolean;
  size?: number;
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { anchor = 'start', fill = 'ink', bold = false, size } = style;
  const more = `${bold ? ' font-weight="600"' : ''}${size ? ` font-size="${size}"` : ''}`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${colour(fill)}"${more}>${escape(content)}</text>`;
}

export function rect(x: number, y: number, width: number, height: number, fill: Colour, more = ''): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour(fill)}"${more}/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: Colour, more = ''): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour(stroke)}"${more}/>`;
}

export function dot(x: number, y: number, radius: number, fill: Colour): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${colour(fill)}"/>`;
}

/** The chart as a file of its own: colours of the light page on a background. */
export function standalone(svg: string): string {
  const coloured = svg.replaceAll(/var\(--(\w+)\)/g, (_, name: Colour) => lightColours[name]);
  return coloured.replace('>', `><rect width="100%" height="100%" fill="${lightColours.card}"/>`);
}

/** Tenths of a pixel: what an eye can see, at a third of the bytes. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** About as wide as a text is in pixels, in the widest of the fonts that the charts are drawn in. */
export function textWidth(content: string, size = 12): number {
  const widthOf = (letter: string) =>
    /[ijlft.,:;'|!() ·-]/.test(letter) ? 0.38 : /[mwMW@%]/.test(letter) ? 0.97 : 0.63;
  return [...content].reduce((sum, letter) => sum + widthOf(letter), 0) * size;
}

/** Cuts a text that is wider than there is room. */
export function fit(content: string, width: number, size = 12): string {
  if (textWidth(content, size) <= width) return content;
  const letters = [...content];
  while (letters.length > 1 && textWidth(`${letters.join('')}…`, size) > width) letters.pop();
  return `${letters.join('')}…`;
}

/** The names of colours, side by side. */
export function legend(x: number, y: number, entries: readonly { name: string; colour: Colour }[]): string {
  let at = x;
  return entries
    .map((entry) => {
      const mark = rect(at, y - 9, 10, 10, entry.colour, ' rx="2"') + text(at + 15, y, entry.name, { fill: 'muted' });
      at += 15 + textWidth(entry.name) + 20;
      return mark;
    })
    .join('');
}
