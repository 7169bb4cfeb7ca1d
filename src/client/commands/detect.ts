import path from 'node:path';
import { PipelineError } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';
import { mapAhead } from '../../common/map-ahead.js';
import { loadDotEnv, modelPath, parseDuration } from '../../config/index.js';
import {
  createDetector,
  drawDetections,
  toLabelLines,
  type Detector,
  type DetectorOptions,
  type Prediction,
} from '../../detector/index.js';
import type { CommonOptions } from '../context.js';
import { createItemBar } from '../item-bar.js';
import { interruption, note, printLine } from '../output.js';
import { findInputs, openInputs, type DetectInput } from './detect-inputs.js';

interface DetectOptions extends CommonOptions, Omit<DetectorOptions, 'model'> {
  model?: string;
  every: string;
  draw?: string;
  saveTxt?: string;
  saveConf?: boolean;
}

/** Pictures that wait beside those in work, so that no thread is ever idle. */
const WAITING = 2;

/** Formats that pictures with boxes are written in; others become JPEG. */
const DRAWN = /\.(jpe?g|png|webp)$/i;

/** Runs a model over pictures, folders and videos. A picture that cannot be read does not stop the others. */
export async function detect(paths: string[], options: DetectOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  const everySeconds = parseDuration(options.every);
  if (!everySeconds) {
    throw new PipelineError('WRONG_USE', `--every ${options.every} is no time between frames.`, {
      hint: 'Write --every 5, --every 0.5 or --every 3m.',
    });
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([interruption(), stop.signal]);
  const model = options.model ? path.resolve(options.model) : modelPath(process.env, process.cwd());
  const inputs = await findInputs(paths);
  const detector = await createDetector({ ...options, model });
  const bar = createItemBar(inputs.length, 'pictures');
  const failures: PipelineError[] = [];
  try {
    for (const warning of detector.model.warnings) note(warning);
    const pictures = openInputs(inputs, { everySeconds, signal });
    const work = (input: DetectInput) => predict(input, detector, options, signal);
    for await (const outcome of mapAhead(pictures, detector.threads + WAITING, work, () => stop.abort())) {
      bar.step();
      if ('prediction' in outcome) print(outcome.input, outcome.prediction, options.json);
      else if (inputs.length === 1) throw outcome.failure;
      else failures.push(report(outcome.failure));
    }
  } finally {
    bar.end();
    await detector.close();
  }
  if (failures.length > 0) {
    throw new PipelineError('PICTURES_FAILED', `${failures.length} of ${inputs.length} pictures could not be read.`, {
      hint: 'They are named above; the others are done.',
    });
  }
}

type Outcome = { input: DetectInput; prediction: Prediction } | { failure: PipelineError };

async function predict(
  input: DetectInput,
  detector: Detector,
  options: DetectOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const prediction = await detector.detect(input.source, { signal });
    const { detections } = prediction;
    if (options.draw !== undefined) {
      const extension = DRAWN.exec(input.file)?.[0] ?? '.jpg';
      await drawDetections(input.file, detections, path.resolve(options.draw, `${input.name}${extension}`));
    }
    // As Ultralytics: a picture without boxes has no file.
    if (options.saveTxt !== undefined && detections.length > 0) {
      const lines = toLabelLines(detections, prediction, options.saveConf ?? false);
      await writeFileAtomic(path.resolve(options.saveTxt, `${input.name}.txt`), lines);
    }
    return { input, prediction };
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'IMAGE_UNREADABLE') return { failure: error };
    throw error;
  }
}

function report(failure: PipelineError): PipelineError {
  note(`error[${failure.code}]: ${failure.message}`);
  return failure;
}

function print({ image, pts }: DetectInput, { width, height, detections }: Prediction, json: boolean | undefined) {
  if (json) {
    printLine({ image, ...(pts !== undefined && { pts }), width, height, boxes: detections });
    return;
  }
  const time = pts === undefined ? '' : ` at ${pts.toFixed(3)} s`;
  process.stdout.write(`${image}${time}: ${detections.length} objects\n`);
  for (const { label, confidence, x1, y1, x2, y2 } of detections) {
    const box = [x1, y1, x2, y2].map((value) => value.toFixed(1)).join(', ');
    process.stdout.write(`  ${confidence.toFixed(3)}  ${label.padEnd(14)} (${box})\n`);
  }
}
