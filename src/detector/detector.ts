import { availableParallelism } from 'node:os';
import path from 'node:path';
import { PipelineError } from '../common/errors.js';
import type { Detection } from '../common/types.js';
import type { Thresholds } from './decode.js';
import { openModel, type OpenedModel } from './model.js';
import type { DetectCallOptions, Detector, DetectorOptions, ModelInfo, Prediction, RgbImage } from './types.js';

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
    return new PooledDetector(opened, threads, options.resize ?? 'exact', {
      confidence: options.confidence ?? 0.25,
      iou: options.iou ?? 0.7,
      agnostic: options.agnostic ?? false,
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
    readonly threads: number,
    private readonly resize: 'exact' | 'fast',
    private readonly thresholds: Thresholds,
  ) {
    this.model = opened.info;
  }

  async detect(picture: string | RgbImage, options: DetectCallOptions = {}): Promise<Prediction> {
    const { network, threads } = this.opened;
    const source = typeof picture === 'string' ? path.resolve(picture) : checkedPixels(picture);
    const task = { picture: source, network, resize: this.resize, thresholds: this.thresholds };
    const { boxes, ...prediction } = await threads.detect(task, options);
    const detections = boxes.map(({ classId, score, x1, y1, x2, y2 }) => {
      const label = this.model.names[classId] ?? `class${classId}`;
      return { classId, label, confidence: score, x1, y1, x2, y2 };
    });
    return { ...prediction, detections, classHistogram: countLabels(detections), modelSha256: this.model.sha256 };
  }

  close(): Promise<void> {
    return this.opened.threads.close();
  }
}

/** Pixels that really are there, in a buffer of their own: what crosses to a thread is always the whole buffer. */
function checkedPixels({ width, height, data }: RgbImage): RgbImage {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || data.length !== width * height * 3) {
    throw new PipelineError(
      'IMAGE_UNREADABLE',
      `A picture of ${width}x${height} pixels cannot be made of ${data.length} bytes.`,
      { hint: 'Give three bytes (red, green, blue) for every pixel.' },
    );
  }
  const part = data.buffer.byteLength !== data.length && !(data.buffer instanceof SharedArrayBuffer);
  return { width, height, data: part ? new Uint8Array(data) : data };
}

function countLabels(detections: readonly Detection[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of detections) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function classIds(labels: readonly string[], model: ModelInfo): number[] {
  return labels.map((label) => {
    const id = model.names.indexOf(label);
    if (id >= 0) return id;
    // An end-to-end network without names does not say how many classes it has.
    const numbered = model.names.length === 0 ? /^class(\d+)$/.exec(label)?.[1] : undefined;
    if (numbered !== undefined) return Number(numbered);
    throw new PipelineError('CLASS_UNKNOWN', `The model knows no class '${label}'.`, {
      hint: `It knows: ${model.names.slice(0, 100).join(', ') || 'class0, class1 …'}.`,
    });
  });
}
