import type { ComponentChildren } from 'preact';
import { rem, usualRem } from '../ui/rem.js';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface Series {
  name: string;
  color: string;
}

export interface Category {
  name: string;
  /** Longer name for the table and for who rests the pointer on it. */
  title?: string;
  /** One value for each series. */
  values: number[];
}

/** A plot with its title, its legend, and the same figures as a table. */
export function Chart(props: {
  title: string;
  /** What the reader should take from it, in a sentence. */
  note?: string | undefined;
  series: readonly Series[];
  categories: readonly Category[];
  unit: string;
  /** Draws into a view box of this width; what is written there is larger on large screens, as everything is. */
  children: (width: number) => ComponentChildren;
}) {
  const { title, note, series, categories, unit, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  const used = series.map((_, index) => categories.some(({ values }) => (values[index] ?? 0) > 0));
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        {note !== undefined && <p class="quiet">{note}</p>}
        {series.length > 1 && (
          <ul class="legend">
            {series.map(
              ({ name, color }, index) =>
                used[index] && (
                  <li key={name}>
                    <span class="swatch" style={{ backgroundColor: color }} />
                    {name}
                  </li>
                ),
            )}
          </ul>
        )}
      </figcaption>
      <div ref={box} class="plot">
        {width > 0 && children((width * usualRem) / rem())}
      </div>
      <details>
        <summary>As a table</summary>
        <div class="table-scroll" role="region" aria-label={`${title}, as a table`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{unit}</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {categories.map(({ name, title: full, values }) => (
                <tr key={full ?? name}>
                  <th scope="row">{full ?? name}</th>
                  {values.map((value, index) => (
                    <td key={index}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The parts of a stack: where each begins and how long it is. */
export function stack(values: readonly number[]): { start: number; length: number }[] {
  let start = 0;
  return values.map((length) => {
    const part = { start, length };
    start += length;
    return part;
  });
}
