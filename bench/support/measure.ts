import { readFileSync } from 'node:fs';

/** What a piece of work took, in seconds. */
export interface Measurement {
  wall: number;
  /** Of this process and all programs it started and awaited. NaN where the system does not tell (not Linux). */
  cpu: number;
}

/** Ticks per second of the times in /proc, the same on every Linux. */
const ticksPerSecond = 100;

/** Measures work that is done by this process and by programs it starts. */
export async function measure(work: () => Promise<unknown>): Promise<Measurement> {
  const before = { wall: performance.now(), own: process.cpuUsage(), children: childrenSeconds() };
  await work();
  const own = process.cpuUsage(before.own);
  return {
    wall: (performance.now() - before.wall) / 1000,
    cpu: (own.user + own.system) / 1e6 + childrenSeconds() - before.children,
  };
}

/** The run with the median wall time of several; long runs are not repeated, they have their mean within themselves. */
export async function measureMedian(
  work: () => Promise<unknown>,
  { runs, longSeconds }: { runs: number; longSeconds: number },
): Promise<Measurement> {
  const measurements = [await measure(work)];
  while (measurements.length < runs && (measurements[0]?.wall ?? 0) < longSeconds)
    measurements.push(await measure(work));
  measurements.sort((a, b) => a.wall - b.wall);
  const median = measurements[Math.floor(measurements.length / 2)];
  if (median === undefined) throw new Error('nothing was measured');
  return median;
}

/** Processor time of the programs that this process started and that have ended. */
function childrenSeconds(): number {
  if (process.platform !== 'linux') return NaN;
  // After the name in parentheses: state is field 3; user and system time of the children are fields 16 and 17.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
