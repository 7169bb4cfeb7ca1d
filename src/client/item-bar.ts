import { SingleBar } from 'cli-progress';

/** A bar on stderr for one thing of which a share is done, 0..1. */
export function createShareBar(name: string): { update(share: number): void; end(): void } {
  if (!process.stderr.isTTY) return { update: () => undefined, end: () => undefined };
  const format = `{bar} {percentage} % · {eta_formatted} left · ${name.slice(0, 40)}`;
  const bar = new SingleBar({ format, barsize: 20, stream: process.stderr, hideCursor: true, clearOnComplete: true });
  bar.start(1, 0);
  return { update: (share) => bar.update(share), end: () => bar.stop() };
}

/**
 * A bar on stderr for a command that prints one line per item: shown where those lines go to a file or another program,
 * since on the terminal they are the progress themselves.
 */
export function createItemBar(total: number, unit: string): { step(): void; end(): void } {
  if (!process.stderr.isTTY || process.stdout.isTTY) return { step: () => undefined, end: () => undefined };
  const format = `{bar} {value}/{total} ${unit} · {eta_formatted} left`;
  const bar = new SingleBar({ format, barsize: 20, stream: process.stderr, hideCursor: true });
  bar.start(total, 0);
  return { step: () => bar.increment(), end: () => bar.stop() };
}
