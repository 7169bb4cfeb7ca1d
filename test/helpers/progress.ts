import { readProgress, type RoundHandle } from '../../src/client/rounds.js';
import type { RoundProgress } from '../../src/workflows/messages.js';

/** How far a round is; undefined while no worker answers: on a busy machine one takes longer to begin than a query waits. */
export function progressOf(handle: RoundHandle): Promise<RoundProgress | undefined> {
  return readProgress(handle).catch(() => undefined);
}
