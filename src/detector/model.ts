import path from 'node:path';
import { sha256File } from '../common/files.js';
import { PipelineError } from '../common/errors.js';
import { namesBesideModel, namesFromMetadata, numberedNames, type ClassNames } from './class-names.js';
import { recogniseNetwork } from './layout.js';
import type { Network } from './network.js';
import { readOnnxMetadata } from './onnx-file.js';
import { DetectThreads } from './pool.js';
import type { DetectorOptions, Device, ModelInfo } from './types.js';

export type ModelOptions = Pick<DetectorOptions, 'model' | 'labels' | 'layout' | 'imageSize'>;

/** A model that was loaded, tried and understood. */
export interface OpenedModel {
  info: ModelInfo;
  network: Network;
  threads: DetectThreads;
}

/**
 * Says what a model is. It is really loaded and run once (in a thread of its own), so that an answer means that
 * detecting will work.
 *
 * @throws PipelineError MODEL_NOT_FOUND, MODEL_UNREADABLE, MODEL_NOT_ONNX, MODEL_LOAD_FAILED, MODEL_NOT_A_DETECTOR,
 *   MODEL_INPUT_UNSUPPORTED, MODEL_LAYOUT_UNKNOWN, LABELS_MISMATCH, LABELS_UNREADABLE
 */
export async function readModel(options: ModelOptions): Promise<ModelInfo> {
  const { info, threads } = await openModel(options, 1, 'cpu');
  await threads.close();
  return info;
}

/** Like {@link readModel}, and keeps the threads for detecting. */
export async function openModel(options: ModelOptions, threadCount: number, device: Device): Promise<OpenedModel> {
  const file = path.resolve(options.model);
  const metadata = await readOnnxMetadata(file);
  const given = await knownNames(file, metadata, options.labels);
  const threads = new DetectThreads({ modelFile: file, device }, threadCount);
  try {
    const [trial, sha256] = await Promise.all([threads.inspect({ imageSize: options.imageSize }), sha256File(file)]);
    const fromModel = given?.source === 'model' ? given.names.length : undefined;
    const network = recogniseNetwork(trial, { metadata, layout: options.layout, classes: fromModel });
    const { names, warnings } = agreeOnNames(network, given);
    const info: ModelInfo = {
      file,
      sha256,
      names,
      inputWidth: network.input.width,
      inputHeight: network.input.height,
      dynamic: network.dynamic,
      layout: network.layout,
      metadata,
      warnings: [...trial.warnings, ...warnings],
    };
    return { info, network, threads };
  } catch (error) {
    await threads.close();
    throw error;
  }
}

/** The user's labels, else the model's own, else those of a file beside it. */
async function knownNames(
  file: string,
  metadata: Record<string, string>,
  labels: string[] | undefined,
): Promise<ClassNames | undefined> {
  if (labels?.length) return { names: labels, source: 'labels' };
  const names = namesFromMetadata(metadata);
  if (names) return { names, source: 'model' };
  return namesBesideModel(file);
}

/** Names and network must have the same number of classes. Outputs that name a class by its number do not tell it. */
function agreeOnNames(network: Network, given: ClassNames | undefined): { names: string[]; warnings: string[] } {
  const { classes, layout } = network;
  const untold = layout === 'end2end' || classes === 0;
  if (!given) {
    const example = untold ? 'class0, class1 …' : `class0 … class${classes - 1}`;
    const warning = `The model carries no class names: they are called ${example}. Set detector.labels to name them.`;
    return { names: numberedNames(untold ? 0 : classes), warnings: [warning] };
  }
  if (untold || given.names.length === classes) return { names: given.names, warnings: [] };
  const mismatch = `has ${given.names.length} class names, but the model tells ${classes} classes apart`;
  if (given.source === 'file') {
    const warning = `${given.file} ${mismatch}: it is ignored, classes are called class0 … class${classes - 1}.`;
    return { names: numberedNames(classes), warnings: [warning] };
  }
  const where = given.source === 'labels' ? 'The configuration' : 'The metadata';
  throw new PipelineError('LABELS_MISMATCH', `${where} ${mismatch}.`, {
    hint: 'Give `detector.labels` one name per class, in the order of training.',
  });
}
