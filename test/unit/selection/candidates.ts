import type { Candidate, SelectedFrame } from '../../../src/common/types.js';
import { Selector, type Experience, type SelectionSettings } from '../../../src/selection/index.js';

/** A candidate of which only what selection looks at matters. */
export function candidate({
  videoKey = 'file-aaaaaaaaaaaa',
  ptsMs = 0,
  hash = '0000000000000000',
  confidences = [0.5],
  boxes,
}: {
  videoKey?: string;
  ptsMs?: number;
  hash?: string;
  confidences?: number[];
  /** In the place of `confidences`: label, confidence, x1, y1; each 10 pixels wide and high. */
  boxes?: [label: string, confidence: number, x1: number, y1: number][];
} = {}): Candidate {
  const frameId = `${videoKey}_${String(ptsMs).padStart(9, '0')}`;
  return {
    frameId,
    videoKey,
    ptsSeconds: ptsMs / 1000,
    width: 640,
    height: 360,
    file: `/frames/${frameId}.jpg`,
    sha256: 'f'.repeat(64),
    perceptualHash: hash,
    detections: (
      boxes ?? confidences.map((confidence): [string, number, number, number] => ['person', confidence, 0, 0])
    ).map(([label, confidence, x1, y1]) => ({ classId: 0, label, confidence, x1, y1, x2: x1 + 10, y2: y1 + 10 })),
    modelSha256: 'e'.repeat(64),
  };
}

/** Hamming distance by counting digits of a bigint: another way than the code under test takes. */
export function bitsApart(a: string, b: string): number {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length;
}

/** Runs a selection over candidates of several videos. */
export function selectFrames(
  candidates: readonly Candidate[],
  labelled: Experience['labelled'],
  settings: SelectionSettings,
  corrected: Experience['corrected'] = [],
): { selected: SelectedFrame[]; rejected: { reason: string; count: number }[] } {
  const selector = new Selector(settings, { labelled, corrected });
  for (const videoKey of new Set(candidates.map((frame) => frame.videoKey))) {
    selector.addVideo(candidates.filter((frame) => frame.videoKey === videoKey));
  }
  const { decisions, rejected } = selector.select();
  const byId = new Map(candidates.map((frame) => [frame.frameId, frame]));
  return { selected: decisions.map((decision) => ({ ...byId.get(decision.frameId)!, ...decision })), rejected };
}
