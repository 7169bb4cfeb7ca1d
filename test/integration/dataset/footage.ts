import { mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { sha256, writeFileAtomic } from '../../../src/common/files.js';
import type { AnnotatedFrame } from '../../../src/dataset/index.js';

/** Real JPEGs of 64 x 48 pixels, each of its own colour, with one reviewed box each. */
export async function makeFrames(folder: string, videoKey: string, count: number): Promise<AnnotatedFrame[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const frameId = `${videoKey}_${String(i * 1000).padStart(9, '0')}`;
      const colour = sha256(frameId);
      const [r, g, b] = [0, 2, 4].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
      const picture = await sharp({ create: { width: 64, height: 48, channels: 3, background: { r, g, b } } })
        .jpeg()
        .toBuffer();
      const file = path.join(folder, `${frameId}.jpg`);
      await writeFileAtomic(file, picture);
      return {
        frameId,
        videoKey,
        file,
        sha256: sha256(picture),
        width: 64,
        height: 48,
        perceptualHash: colour.slice(0, 16),
        state: 'reviewed' as const,
        boxes: [{ label: 'person', x1: 8, y1: 12, x2: 24, y2: 36 }],
        preLabels: [{ classId: 0, label: 'person', confidence: 0.6, x1: 8, y1: 12, x2: 24, y2: 36 }],
        provenance: { videoKey, round: 'round-1', modelSha256: 'c'.repeat(64), ptsSeconds: i },
      };
    }),
  );
}

/** Every file below a folder with the hash of its content; hidden ones only when asked for. */
export async function snapshot(folder: string, { hidden = false } = {}): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => hidden || !file.startsWith('.'))
    .sort();
  const rows = await Promise.all(
    files.map(async (file) => [file, sha256(await readFile(path.join(folder, file)))] as const),
  );
  return Object.fromEntries(rows);
}
