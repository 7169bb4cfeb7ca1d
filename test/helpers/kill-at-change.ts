/**
 * Preloaded (`--import`), it kills its process with SIGKILL just before the n-th change that this makes to the file
 * system; n is in the environment variable `KILL_AT_CHANGE`, 0 = never. With `KILL_MOMENT=during` it does so just after
 * the change was asked for: it may be made by then or not.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

const killAt = Number(process.env['KILL_AT_CHANGE'] ?? 0);
const during = process.env['KILL_MOMENT'] === 'during';
let changes = 0;

/** How many changes there were so far. */
export const changesSoFar = () => changes;

const builtin = createRequire(import.meta.url)('node:fs/promises') as Record<string, (...args: unknown[]) => unknown>;
for (const name of ['rename', 'link', 'copyFile', 'open', 'writeFile', 'mkdir', 'rm', 'rmdir']) {
  const original = builtin[name]!;
  builtin[name] = (...args) => {
    const isLast = ++changes === killAt;
    if (isLast && !during) process.kill(process.pid, 'SIGKILL');
    const change = original(...args);
    if (isLast) process.kill(process.pid, 'SIGKILL');
    return change;
  };
}
syncBuiltinESMExports();
