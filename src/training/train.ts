import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseCommandString } from 'execa';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { commitFile } from '../common/files.js';
import { startTree } from '../tools/index.js';

export interface TrainRequest {
  /** The program and its arguments; a text is divided at its spaces (`\ ` keeps one). No shell. */
  command: string | readonly string[];
  /** The folder the command runs in. */
  folder: string;
  /** Its environment, to which what {@link trainModel} documents is added. */
  env: NodeJS.ProcessEnv;
  /** Folder of the dataset, with data.yaml and manifest.jsonl. */
  dataset: string;
  datasetVersion: string;
  /** The model in use, which a trainer may go on from. */
  currentModel: string;
  /** Where the new model goes: an ONNX file. */
  output: string;
  /** What the command prints is appended here. */
  logFile: string;
  timeoutSeconds: number;
  signal?: AbortSignal;
}

/**
 * Runs a trainer and takes the model that it writes. The command finds in its environment
 *
 * - `FRAMELOOP_DATASET`: folder of the dataset; its `data.yaml` is what YOLO trainers load
 * - `FRAMELOOP_MANIFEST`: `manifest.jsonl`, one line per frame with everything known of it
 * - `FRAMELOOP_DATASET_VERSION`
 * - `FRAMELOOP_MODEL`: the ONNX model in use
 * - `FRAMELOOP_MODEL_OUTPUT`: where it must write the new ONNX model
 *
 * Nothing is under `output` unless the command has ended well. A model that is there already is not trained again.
 *
 * @throws PipelineError TRAIN_COMMAND_NOT_FOUND, TRAINING_FAILED, TRAINING_TIMED_OUT, TRAINING_NO_MODEL; the signal's
 *   reason after an abort
 */
export async function trainModel(request: TrainRequest): Promise<void> {
  const { command, output, logFile, dataset, datasetVersion, currentModel, timeoutSeconds, signal } = request;
  if (await hasContent(output)) return;
  const [program, ...programArguments] = typeof command === 'string' ? parseCommandString(command) : command;
  if (program === undefined) throw notFound('', 'the command is empty');
  await mkdir(path.dirname(output), { recursive: true });
  await mkdir(path.dirname(logFile), { recursive: true });
  // A folder, so that the file can have an ordinary name: exporters choose the format by its extension.
  const temporaryFolder = await mkdtemp(`${output}.training-`);
  const temporary = path.join(temporaryFolder, 'model.onnx');

  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const result = await startTree(program, programArguments, signal ? AbortSignal.any([signal, timeout]) : timeout, {
      cwd: request.folder,
      env: {
        ...request.env,
        FRAMELOOP_DATASET: dataset,
        FRAMELOOP_MANIFEST: path.join(dataset, 'manifest.jsonl'),
        FRAMELOOP_DATASET_VERSION: datasetVersion,
        FRAMELOOP_MODEL: currentModel,
        FRAMELOOP_MODEL_OUTPUT: temporary,
      },
      outputFile: logFile,
    });
    signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new PipelineError('TRAINING_TIMED_OUT', `The training did not end within ${timeoutSeconds} s.`, {
        hint: `Its output is in ${logFile}. Raise train.timeout, or train for less.`,
      });
    }
    if (result.code === 'ENOENT' || result.code === 'EACCES') throw notFound(program, result.code);
    if (result.failed) {
      const how = result.signal ? `was ended by ${result.signal}` : `ended with code ${result.exitCode ?? '?'}`;
      throw new PipelineError('TRAINING_FAILED', `The training command ${how}: ${await lastLine(logFile)}`, {
        hint: `Its whole output is in ${logFile}.`,
      });
    }
    if (!(await hasContent(temporary))) {
      throw new PipelineError('TRAINING_NO_MODEL', 'The training command ended well but wrote no model.', {
        hint: `It must write an ONNX file to the path in FRAMELOOP_MODEL_OUTPUT. Its output is in ${logFile}.`,
      });
    }
    await commitFile(temporary, output);
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

const notFound = (program: string, why: string): PipelineError =>
  new PipelineError('TRAIN_COMMAND_NOT_FOUND', `The training command "${program}" cannot be run (${why}).`, {
    hint: 'train.command starts with a program in the PATH, or with its path; relative paths start at the working folder.',
  });

async function hasContent(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Where a program that failed mostly says why. */
async function lastLine(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 4096);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8').trimEnd().split('\n');
    return (lines.at(-1) ?? '').trim().slice(0, 500) || 'it printed nothing.';
  } finally {
    await handle.close();
  }
}
