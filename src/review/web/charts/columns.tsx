import { Chart, stack, sum, type Category, type Series } from './chart.js';
import { labelEvery, ticks } from './scale.js';

const height = 220;
const margin = { top: 12, right: 8, bottom: 26, left: 44 };
/** A column is at most this wide: three rounds should not look like a flag. */
const widest = 56;

/** Stacked columns over an axis of rounds. */
export function Columns(props: {
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
        const scale = ticks(Math.max(...categories.map(({ values }) => sum(values)), 0), 4);
        const top = scale.at(-1) ?? 1;
        const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
        const y = (value: number) => margin.top + inner.height * (1 - value / top);
        const slot = inner.width / Math.max(categories.length, 1);
        const column = Math.min(slot * 0.72, widest);
        const every = labelEvery(categories.length, inner.width, 58);
        return (
          <svg
            viewBox={`0 0 ${width} ${height}`}
            role="img"
            aria-label={`${title}; the figures are in the table below`}
          >
            {scale.map((value) => (
              <g key={value} class="axis">
                <line x1={margin.left} x2={width - margin.right} y1={y(value)} y2={y(value)} />
                <text x={margin.left - 8} y={y(value) + 4} text-anchor="end">
                  {value.toLocaleString('en')}
                </text>
              </g>
            ))}
            {categories.map(({ name, title: full, values }, index) => {
              const middle = margin.left + slot * (index + 0.5);
              return (
                <g key={full ?? name}>
                  {stack(values).map(
                    ({ start, length }, part) =>
                      length > 0 && (
                        <rect
                          key={part}
                          class="mark"
                          x={middle - column / 2}
                          width={column}
                          y={y(start + length)}
                          height={Math.max(y(start) - y(start + length) - 0.5, 0.5)}
                          fill={series[part]?.color}
                        >
                          <title>{`${full ?? name}: ${length} ${series[part]?.name}`}</title>
                        </rect>
                      ),
                  )}
                  {index % every === 0 && (
                    <text class="axis-label" x={middle} y={height - 8} text-anchor="middle">
                      {name}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
        );
      }}
    </Chart>
  );
}
