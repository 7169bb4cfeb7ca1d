import { PipelineError, messageOf } from '../common/errors.js';
import { sha256, toJsonLines } from '../common/files.js';
import type { LabelledBox } from '../common/types.js';
import { compareWithPreLabels } from './compare.js';
import { printYolo } from './formats/yolo.js';
import { SPLITS, type AnnotatedFrame, type DatasetRecord, type Split } from './types.js';

/**
 * The manifest's record of a frame. Keys and boxes come in a fixed order and nothing depends on the clock, so that the
 * same frame always gives the same bytes.
 */
export function toRecord(frame: AnnotatedFrame, split: Split, names: readonly string[]): DatasetRecord {
  const boxes = frame.boxes
    .map(({ label, x1, y1, x2, y2 }) => ({ label, x1, y1, x2, y2 }))
    .sort(byClassAndPlace(names));
  const { videoKey, url, title, licence, channel, query, round, taskId, jobId, modelSha256 } = frame.provenance;
  const { score, scores, reason, arm, ptsSeconds, blind } = frame.provenance;
  return {
    frameId: frame.frameId,
    videoKey: frame.videoKey,
    split,
    sha256: frame.sha256,
    width: frame.width,
    height: frame.height,
    perceptualHash: frame.perceptualHash,
    labelSha256: sha256(printYolo(boxes, frame, names)),
    boxes,
    preLabels: frame.preLabels.map(({ classId, label, confidence, x1, y1, x2, y2 }) => ({
      classId,
      label,
      confidence,
      x1,
      y1,
      x2,
      y2,
    })),
    change: compareWithPreLabels(frame.preLabels, boxes),
    provenance: {
      videoKey,
      url,
      title,
      licence,
      channel,
      query,
      round,
      taskId,
      jobId,
      modelSha256,
      score,
      scores,
      reason,
      arm,
      ptsSeconds,
      blind,
    },
  };
}

function byClassAndPlace(names: readonly string[]) {
  return (a: LabelledBox, b: LabelledBox) =>
    names.indexOf(a.label) - names.indexOf(b.label) || a.x1 - b.x1 || a.y1 - b.y1 || a.x2 - b.x2 || a.y2 - b.y2;
}

/** `manifest.jsonl`: one frame per line, sorted by frameId. */
export function printManifest(records: readonly DatasetRecord[]): string {
  return toJsonLines([...records].sort((a, b) => (a.frameId < b.frameId ? -1 : 1)));
}

/** The version of the dataset: the first 12 hex digits of the SHA-256 of its manifest. */
export function datasetVersion(manifest: string): string {
  return sha256(manifest).slice(0, 12);
}

/** Reads a manifest; throws `DATASET_DAMAGED` with the number of the first line that is no record. */
export function parseManifest(manifest: string): DatasetRecord[] {
  const lines = manifest.split('\n');
  if (lines.pop() !== '') throw damaged(lines.length + 1, 'it was cut off');
  return lines.map((line, index) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw damaged(index + 1, messageOf(error));
    }
    if (!isRecord(value)) throw damaged(index + 1, 'it is not the record of a frame');
    return value;
  });
}

/** The fields without which nothing else can be said of a frame; `validateDataset` looks at the rest. */
function isRecord(value: unknown): value is DatasetRecord {
  const record = value as Partial<DatasetRecord> | null;
  return (
    typeof record === 'object' &&
    record !== null &&
    [record.frameId, record.videoKey, record.sha256, record.labelSha256].every((text) => typeof text === 'string') &&
    [record.width, record.height].every((size) => typeof size === 'number' && size > 0) &&
    SPLITS.some((split) => split === record.split) &&
    Array.isArray(record.boxes)
  );
}

function damaged(line: number, why: string): PipelineError {
  return new PipelineError('DATASET_DAMAGED', `Line ${line} of manifest.jsonl cannot be read: ${why}.`, {
    hint: 'Restore manifest.jsonl from a copy; it is only ever replaced as a whole, so something else wrote to it.',
  });
}
