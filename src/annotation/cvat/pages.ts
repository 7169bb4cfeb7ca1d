import { hasStatus } from './errors.js';
import type { WirePage } from './wire.js';

/**
 * Reads a list to its end. All in one page where the server does that; `next` says whether there is more (its URL may
 * show a host that only the server knows, so it is not followed).
 */
export async function readPages<T>(
  readPage: (query: { page: number; page_size: 'all' }) => Promise<WirePage<T>>,
): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    try {
      const { results, next } = await readPage({ page, page_size: 'all' });
      all.push(...results);
      if (!next || results.length === 0) return all;
    } catch (error) {
      // Entries went away while we read, and with them the last page.
      if (page > 1 && hasStatus(error, 404)) return all;
      throw error;
    }
  }
}
