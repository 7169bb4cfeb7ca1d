import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decidePreLabels, readPreLabels } from '../../../src/activities/pre-labels.js';
import { roundFiles } from '../../../src/activities/round-file.js';
import { toJsonLines, writeFileAtomic } from '../../../src/common/files.js';
import type { SelectedFrame } from '../../../src/common/types.js';
import { loadConfig } from '../../../src/config/index.js';
import { temporaryFolder } from '../../helpers/programs.js';

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder('pre-labels'));
});
afterEach(() => remove());

const frames = ['a', 'b', 'c', 'd'].map((frameId): SelectedFrame => ({
  ...{ frameId, videoKey: 'video', ptsSeconds: 0, file: `${frameId}.jpg`, width: 64, height: 48 },
  ...{ sha256: '', perceptualHash: '', modelSha256: '', arm: 'all', score: 1, reason: '' },
  detections: [{ classId: 0, label: 'ball', confidence: 0.5, x1: 1, y1: 2, x2: 9, y2: 8 }],
}));

describe('which boxes people see', () => {
  it('is decided once: another attempt draws no other blind frames, whatever it would draw', async () => {
    const config = await loadConfig({ folder, overrides: { cvat: { blind: 0.5 } } });
    const drawn = await decidePreLabels({ config }, folder, frames);
    expect(drawn.filter(({ blind }) => blind)).toHaveLength(2);
    // As another release drew them.
    const other = drawn.map((frame) => ({ ...frame, blind: !frame.blind }));
    await writeFileAtomic(roundFiles.preLabels(folder), toJsonLines(other));
    expect(await decidePreLabels({ config }, folder, frames)).toEqual(other);
    expect([...(await readPreLabels(folder, frames)).values()]).toEqual(other);
  });

  it('is decided anew for other frames', async () => {
    const config = await loadConfig({ folder });
    await decidePreLabels({ config }, folder, frames);
    const fewer = await decidePreLabels({ config }, folder, frames.slice(1));
    expect(fewer.map(({ frameId }) => frameId)).toEqual(['b', 'c', 'd']);
    expect((await readPreLabels(folder, frames.slice(1))).size).toBe(3);
  });
});
