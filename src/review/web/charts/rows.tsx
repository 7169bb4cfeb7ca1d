import { Chart, stack, sum, type Category, type Series } from './chart.js';

const rowHeight = 24;
const barHeight = 15;

/** Stacked bars with the names at their left and the sums at their right. */
export function Rows(props: {
  title: string;
  note?: string | undefined;
  unit: string;
  series: readonly Series[];
  categories: readonly Category[];
}) {
  const { title, series, categories } = props;
  return (
    <Chart {...props}>
      {(width) => {
        const longest = Math.max(...categories.map(({ name }) => name.length), 4);
        const left = Math.min(longest * 7 + 14, width * 0.35);
        const right = 52;
        const most = Math.max(...categories.map(({ values }) => sum(values)), 1);
        const x = (value: number) => left + ((width - left - right) * value) / most;
        return (
          <svg
            viewBox={`0 0 ${width} ${categories.length * rowHeight + 4}`}
            role="img"
            aria-label={`${title}; the figures are in the table below`}
          >
            {categories.map(({ name, title: full, values }, index) => {
              const middle = rowHeight * (index + 0.5) + 2;
              return (
                <g key={full ?? name}>
                  <text class="axis-label strong" x={left - 10} y={middle + 4} text-anchor="end">
                    {name.length > 22 ? `${name.slice(0, 21)}…` : name}
                    <title>{full ?? name}</title>
                  </text>
                  {stack(values).map(
                    ({ start, length }, part) =>
                      length > 0 && (
                        <rect
                          key={part}
                          class="mark"
                          x={x(start)}
                          y={middle - barHeight / 2}
                          width={Math.max(x(start + length) - x(start) - 0.5, 0.5)}
                          height={barHeight}
                          fill={series[part]?.color}
                        >
                          <title>{`${full ?? name}: ${length} ${series[part]?.name}`}</title>
                        </rect>
                      ),
                  )}
                  <text class="axis-label" x={x(sum(values)) + 8} y={middle + 4}>
                    {sum(values).toLocaleString('en')}
                  </text>
                </g>
              );
            })}
          </svg>
        );
      }}
    </Chart>
  );
}
