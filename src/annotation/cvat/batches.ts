/** Cuts a list, in its order, into batches within both limits; a file that is too big by itself goes alone. */
export function planBatches<T extends { sizeBytes: number }>(
  files: readonly T[],
  { batchFiles, batchBytes }: { batchFiles: number; batchBytes: number },
): T[][] {
  const batches: T[][] = [];
  let current: T[] = [];
  let bytes = 0;
  for (const file of files) {
    if (current.length > 0 && (current.length >= batchFiles || bytes + file.sizeBytes > batchBytes)) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(file);
    bytes += file.sizeBytes;
  }
  return current.length > 0 ? [...batches, current] : batches;
}
