import type { AnnotatedFrame } from '../../../src/dataset/index.js';

/** A reviewed frame of 100 x 50 pixels with one box, of which a test changes what it is about. */
export function annotatedFrame(change: Partial<AnnotatedFrame> & { ptsMs?: number } = {}): AnnotatedFrame {
  const { ptsMs = 0, videoKey = 'file-aaaaaaaaaaaa', ...rest } = change;
  const frameId = `${videoKey}_${String(ptsMs).padStart(9, '0')}`;
  return {
    frameId,
    videoKey,
    file: `/frames/${frameId}.jpg`,
    sha256: 'a'.repeat(64),
    width: 100,
    height: 50,
    perceptualHash: '0123456789abcdef',
    state: 'reviewed',
    boxes: [{ label: 'person', x1: 10, y1: 10, x2: 30, y2: 40 }],
    preLabels: [],
    provenance: { videoKey, round: 'round-1', modelSha256: 'b'.repeat(64), ptsSeconds: ptsMs / 1000 },
    ...rest,
  };
}
