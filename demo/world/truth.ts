import type { FilmedFrame, Footage } from './footage.js';
import { roundTo } from './plan.js';
import { CLASSES } from './scene.js';

export type FrameTruth = Pick<FilmedFrame, 'pts' | 'shot' | 'truth'>;

/**
 * What is to be seen in a video, as src/demo/truth.ts reads it: each frame is `[pts, shot, boxes]`, each box
 * `[classId, x1, y1, x2, y2, visibility]` in pixels. Tenths of a pixel are enough: nobody draws boxes more exactly.
 */
export function truthJson(video: string, footage: Footage, frames: readonly FrameTruth[]): string {
  const { seed, league, fps, width, height } = footage.options;
  const shots = footage.shots.map(({ id, kind, league: of, start, end, replayOf, replayFrom }) => ({
    ...{ id, kind, league: of, start, end },
    ...(replayOf === undefined ? {} : { replayOf, replayFrom }),
  }));
  const rows = frames.map(({ pts, shot, truth }) => [
    pts,
    shot,
    truth.map(({ classId, x1, y1, x2, y2, visibility }) => [
      classId,
      ...[x1, y1, x2, y2].map((side) => roundTo(side, 10)),
      roundTo(visibility, 100),
    ]),
  ]);
  return `${JSON.stringify({ video, fps, width, height, classes: CLASSES, seed, league, shots, frames: rows })}\n`;
}
