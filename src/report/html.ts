import { darkColours, escape, lightColours } from './charts/svg.js';

/** Numbers as people read them. */
export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });
export const decimal = (value: number, digits = 2): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));
export const percent = (value: number): string => (Number.isNaN(value) ? '–' : `${(value * 100).toFixed(0)} %`);
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

/** What stands in a table: a text, or one with a smaller one below it. */
export type Cell = string | { text: string; detail: string };
const textOf = (cell: Cell | undefined) => (typeof cell === 'object' ? cell.text : (cell ?? ''));

/** Cells of the first column are headings; the others stand on the right, as numbers do, unless a cell is no number. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = (cell: Cell | undefined) => /^[−+\d–]/.test(textOf(cell));
  const detailOf = (cell: Cell) => (typeof cell === 'object' ? `<div class="detail">${escape(cell.detail)}</div>` : '');
  const row = (cells: readonly Cell[]) =>
    cells
      .map((cell, index) =>
        index === 0
          ? `<th scope="row">${escape(textOf(cell))}${detailOf(cell)}</th>`
          : `<td${isNumber(cell) ? ' class="number"' : ''}>${escape(textOf(cell))}${detailOf(cell)}</td>`,
      )
      .join('');
  const heading = headings
    .map(
      (cell, index) =>
        `<th scope="col"${index > 0 && isNumber(rows[0]?.[index]) ? ' class="number"' : ''}>${escape(cell)}</th>`,
    )
    .join('');
  const body = rows.map((cells) => `<tr>${row(cells)}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${heading}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export function section(title: string, lead: string, ...content: readonly string[]): string {
  return `<section><h2>${escape(title)}</h2><p class="lead">${escape(lead)}</p>${content.join('')}</section>`;
}

export function figure(svg: string, caption: string): string {
  return `<figure>${svg}<figcaption>${escape(caption)}</figcaption></figure>`;
}

/** As many beside each other as the page has room for. */
export const sideBySide = (...content: readonly string[]): string => `<div class="columns">${content.join('')}</div>`;
export const note = (text: string): string => `<p class="note">${escape(text)}</p>`;

export interface Tile {
  value: string;
  label: string;
  detail?: string;
}

export function tiles(all: readonly Tile[]): string {
  const each = ({ value, label, detail }: Tile) =>
    `<div class="tile"><div class="value">${escape(value)}</div><div>${escape(label)}</div>` +
    `${detail ? `<div class="detail">${escape(detail)}</div>` : ''}</div>`;
  return `<div class="tiles">${all.map(each).join('')}</div>`;
}

const variables = (colours: Record<string, string>) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value};`)
    .join('');

const style = `
:root{color-scheme:light dark;--page:#f4f6f9;${variables(lightColours)}}
@media (prefers-color-scheme:dark){:root{--page:#12171e;${variables(darkColours)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:0}
h3{font-size:14px;margin:20px 0 8px}
.meta,.lead,.note,figcaption,.detail{color:var(--muted)}
.meta{margin:0 0 20px;overflow-wrap:anywhere}
.lead{margin:2px 0 16px;max-width:78ch}
.note{margin:10px 0 0;font-size:13px;max-width:90ch}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 22px;margin-top:18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.tile .value{font-size:26px;font-weight:650;line-height:1.15;font-variant-numeric:tabular-nums}
.detail{font-size:13px}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:20px 32px;align-items:start}
.columns h3{margin-top:8px}
figure{margin:0 0 8px;max-width:100%}
figure>svg{max-width:100%;height:auto;display:block}
figcaption{font-size:13px;margin-top:2px;max-width:60ch}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{vertical-align:top;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);text-align:left;font-weight:400;white-space:nowrap}
thead th{color:var(--muted)}
.number{text-align:right}
td .detail{font-size:11.5px;line-height:1.2}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:14px}
.shot{border:1px solid var(--line);border-radius:8px;overflow:hidden;background:var(--page)}
.shot svg{display:block;width:100%;height:auto}
.shot>div{padding:8px 10px 10px;font-size:12.5px;line-height:1.35;overflow-wrap:anywhere}
.shot .detail{font-size:12px;margin-top:4px}
.keys{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;color:var(--muted);margin:0 0 12px}
.keys i{display:inline-block;width:14px;height:10px;border:2px solid;border-radius:2px;margin-right:6px;vertical-align:-1px}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
`;

/** A page that needs nothing besides itself: no script, no font, no picture from elsewhere. */
export function page(title: string, meta: string, content: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<p class="meta">${escape(meta)}</p>
${content.join('\n')}
</main>
</body>
</html>
`;
}
