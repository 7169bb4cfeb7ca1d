import type { Candidate } from '../../../src/common/types.js';

/** A candidate of which only what selection looks at matters. */
export function candidate({
  videoKey = 'file-aaaaaaaaaaaa',
  ptsMs = 0,
  hash = '0000000000000000',
  confidences = [0.5],
}: {
  videoKey?: string;
  ptsMs?: number;
  hash?: string;
  confidences?: number[];
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
    detections: confidences.map((confidence) => ({
      classId: 0,
      label: 'person',
      confidence,
      x1: 0,
      y1: 0,
      x2: 9,
      y2: 9,
    })),
    modelSha256: 'e'.repeat(64),
  };
}

/** Hamming distance by counting digits of a bigint: another way than the code under test takes. */
export function bitsApart(a: string, b: string): number {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length;
}
