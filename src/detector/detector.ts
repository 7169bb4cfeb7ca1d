import { availableParallelism } from 'node:os';
import path from 'node:path';
import { PipelineError } from '../common/errors.js';
import type { Thresholds } from './decode.js';
import { openModel, type OpenedModel } from './model.js';
import type { Detector, DetectorOptions, ModelInfo, Prediction } from './types.js';

/** More threads than this need more memory (a session each) than most machines gain from. */
const MOST_THREADS_BY_DEFAULT = 4;

/**
 * Loads a model into worker threads. Close the detector when done.
 *
 * @throws PipelineError what {@link readModel} throws, and CLASS_UNKNOWN for a label in `classes` that the model does
 *   not have
 */
export async function createDetector(options: DetectorOptions): Promise<Detector> {
  const threads = options.threads ?? Math.min(availableParallelism(), MOST_THREADS_BY_DEFAULT);
  const opened = await openModel(options, threads, options.device ?? 'auto');
  try {
    return new PooledDetector(opened, {
      confidence: options.confidence ?? 0.25,
      iou: options.iou ?? 0.7,
      maxDetections: options.maxDetections ?? 300,
      classIds: options.classes && classIds(options.classes, opened.info),
    });
  } catch (error) {
    await opened.threads.close();
    throw error;
  }
}

class PooledDetector implements Detector {
  readonly model: ModelInfo;

  constructor(
    private readonly opened: OpenedModel,
    private readonly thresholds: Thresholds,
  ) {
    this.model = opened.info;
  }

  async detect(imageFile: string, { signal }: { signal?: AbortSignal } = {}): Promise<Prediction> {
    const { network, threads } = this.opened;
    const task = { imageFile: path.resolve(imageFile), network, thresholds: this.thresholds };
    const { width, height, perceptualHash, boxes } = await threads.detect(task, signal);
    const detections = boxes.map(({ classId, score, x1, y1, x2, y2 }) => {
      const label = this.model.names[classId] ?? `class${classId}`;
      return { classId, label, confidence: score, x1, y1, x2, y2 };
    });
    return { width, height, detections, perceptualHash };
  }

  close(): Promise<void> {
    return this.opened.threads.close();
  }
}

function classIds(labels: readonly string[], model: ModelInfo): number[] {
  return labels.map((label) => {
    const id = model.names.indexOf(label);
    if (id >= 0) return id;
    throw new PipelineError('CLASS_UNKNOWN', `The model knows no class '${label}'.`, {
      hint: `It knows: ${model.names.slice(0, 100).join(', ') || '(no names)'}.`,
    });
  });
}
