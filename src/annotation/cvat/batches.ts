export const MAX_BATCH_FILES = 100;
/** Small enough for the limits that proxies before a CVAT are usually given, and for a flat memory. */
export const MAX_BATCH_BYTES = 25 * 1024 * 1024;

/** Cuts a list, in its order, into batches within both limits; a file that is too big by itself goes alone. */
export function planBatches<T extends { sizeBytes: number }>(
  files: readonly T[],
  maxFiles = MAX_BATCH_FILES,
  maxBytes = MAX_BATCH_BYTES,
): T[][] {
  const batches: T[][] = [];
  let current: T[] = [];
  let bytes = 0;
  for (const file of files) {
    if (current.length > 0 && (current.length >= maxFiles || bytes + file.sizeBytes > maxBytes)) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(file);
    bytes += file.sizeBytes;
  }
  return current.length > 0 ? [...batches, current] : batches;
}
