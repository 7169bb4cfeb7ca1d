export interface BatchLimits {
  /** Files per request at most. */
  batchFiles: number;
  /** Bytes of files per request at most. */
  batchBytes: number;
}

/** The files of the next request: as many from the front as both limits allow, and at least one. */
export function takeBatch<T extends { sizeBytes: number }>(files: readonly T[], limits: BatchLimits): T[] {
  let count = 0;
  let bytes = 0;
  for (const { sizeBytes } of files) {
    if (count > 0 && (count >= limits.batchFiles || bytes + sizeBytes > limits.batchBytes)) break;
    count += 1;
    bytes += sizeBytes;
  }
  return files.slice(0, count);
}
