const widths = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

/** Width of a text in the page's font, in pixels, without a layout of the page. Each text is measured once. */
export function textWidth(text: string, { size, weight }: { size: number; weight: number }): number {
  const font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    context ??= document.createElement('canvas').getContext('2d');
    if (context !== null) context.font = font;
    width = context?.measureText(text).width ?? text.length * size * 0.6;
    widths.set(key, width);
  }
  return width;
}
