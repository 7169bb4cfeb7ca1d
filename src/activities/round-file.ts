import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProjectInfo } from '../annotation/index.js';
import { PipelineError } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import type { LoadedConfig } from '../config/index.js';
import type { DetectorOptions } from '../detector/index.js';

/** What was decided when the round began; it holds for the whole round, whatever becomes of the configuration. */
export interface RoundFile {
  roundId: string;
  taskName: string;
  config: LoadedConfig;
  /** Videos named at the start; they take the place of the configured sources. */
  videos?: string[];
  /** `configured`: SHA-256 of the model that MODEL_PATH names, where a trained one has taken its place. */
  model?: { file: string; sha256: string; names: string[]; configured?: string };
  project?: ProjectInfo;
}

const fileOf = (folder: string) => path.join(folder, 'round.json');

export async function writeRoundFile(folder: string, round: RoundFile): Promise<void> {
  await writeFileAtomic(fileOf(folder), `${JSON.stringify(round, null, 2)}\n`);
}

export async function readRoundFile(folder: string): Promise<RoundFile> {
  try {
    return JSON.parse(await readFile(fileOf(folder), 'utf8')) as RoundFile;
  } catch (error) {
    throw new PipelineError('ROUND_FILE_MISSING', `The plan of the round, ${fileOf(folder)}, cannot be read.`, {
      hint: 'Does this worker use the same data folder as the one that began the round?',
      retryable: true,
      cause: error,
    });
  }
}

/** The files of a round, by what they hold. */
export const roundFiles = {
  candidatesOf: (folder: string, videoKey: string) => path.join(folder, 'candidates', `${videoKey}.jsonl`),
  candidates: (folder: string) => path.join(folder, 'candidates.jsonl'),
  selection: (folder: string) => path.join(folder, 'selection.jsonl'),
  uploadJournal: (folder: string) => path.join(folder, 'upload.json'),
  preLabels: (folder: string) => path.join(folder, 'prelabels.jsonl'),
  annotations: (folder: string) => path.join(folder, 'annotations.json'),
  cleaned: (folder: string) => path.join(folder, 'cleaned.json'),
  merged: (folder: string) => path.join(folder, 'merged.json'),
  report: (folder: string) => path.join(folder, 'report.html'),
  labels: (folder: string) => path.join(folder, 'labels.zip'),
  result: (folder: string) => path.join(folder, 'result.json'),
};

/** @throws PipelineError MODEL_PATH_MISSING */
export function requireModel(round: RoundFile): NonNullable<RoundFile['model']> {
  if (round.model) return round.model;
  throw new PipelineError('MODEL_PATH_MISSING', `Round ${round.roundId} was planned without a model.`, {
    hint: 'Set MODEL_PATH in .env and start a new round.',
  });
}

export function detectorOptions(round: RoundFile): DetectorOptions {
  const { max_detections, image_size, ...options } = round.config.detector;
  return {
    ...options,
    model: requireModel(round).file,
    maxDetections: max_detections,
    imageSize: image_size,
  };
}
