import { describe, expect, it } from 'vitest';
import { Canvas } from '../../../demo/world/canvas.js';
import { Footage, type FilmedFrame, type FootageOptions } from '../../../demo/world/footage.js';
import { createStadium } from '../../../demo/world/ground.js';
import { createMatch } from '../../../demo/world/league.js';
import { isEmptyShot } from '../../../demo/world/plan.js';
import { playScene } from '../../../demo/world/play.js';
import { createRandom } from '../../../demo/world/random.js';
import { CLASSES, truthOf } from '../../../demo/world/scene.js';
import { truthJson } from '../../../demo/world/truth.js';
import type { PixelBox } from '../../../src/common/types.js';
import { sha256 } from '../../../src/common/files.js';

const options = (changes: Partial<FootageOptions>): FootageOptions => ({
  ...{ seed: 1, seconds: 180, league: 'daylight', fps: 1, width: 640, height: 360 },
  ...changes,
});

const film = (footage: Footage, times?: number[]): FilmedFrame[] =>
  [...footage.film(times)].map((frame) => ({ ...frame, pixels: frame.pixels.slice() }));

/** Without the long passages in which there is nothing. */
const filmPlay = (footage: Footage): FilmedFrame[] =>
  film(
    footage,
    footage
      .times()
      .filter((pts) => footage.shots.some((shot) => !isEmptyShot(shot) && pts >= shot.start && pts < shot.end)),
  );

describe('generated footage', () => {
  it('is the same for the same seed, pictures and truth, and another for another seed', () => {
    const make = (seed: number): { truth: string; pictures: string[] } => {
      const footage = new Footage(options({ seed, seconds: 12, league: 'mixed', fps: 2, width: 320, height: 180 }));
      const frames = film(footage);
      return { truth: truthJson('clip.mp4', footage, frames), pictures: frames.map(({ pixels }) => sha256(pixels)) };
    };
    const first = make(5);
    expect(make(5)).toEqual(first);
    expect(make(6).truth).not.toBe(first.truth);
    expect(make(6).pictures).not.toEqual(first.pictures);
  });

  it('shows the same match at any number of pictures per second', () => {
    const footage = new Footage(options({ seed: 2 }));
    const play = footage.shots.find((shot) => shot.kind === 'attack');
    const at = (play?.start ?? 0) + 2;
    const [sparse] = film(footage, [at]);
    const dense = film(footage, [at - 0.16, at - 0.08, at]).at(-1);
    expect(sparse?.truth.length).toBeGreaterThanOrEqual(3);
    expect(dense?.truth).toEqual(sparse?.truth);
    expect(sha256(dense?.pixels ?? '')).toBe(sha256(sparse?.pixels ?? ''));
  });

  it('has every class in the order of their ids, the corner flag in under 2 % of the boxes but in every 3 minutes', () => {
    const counts = CLASSES.map(() => 0);
    // Small pictures show the same at a quarter of the cost.
    const size = { width: 320, height: 180 };
    for (const [seed, league] of [
      [1, 'daylight'],
      [2, 'floodlit'],
      [3, 'daylight'],
      [4, 'mixed'],
    ] as const) {
      const boxes = filmPlay(new Footage(options({ ...size, seed, league, fps: 2 }))).flatMap(({ truth }) => truth);
      for (const { classId } of boxes) counts[classId] = (counts[classId] ?? 0) + 1;
      expect(boxes.some(({ classId }) => CLASSES[classId] === 'corner_flag')).toBe(true);
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    const [players = 0, ...others] = counts.map((count) => count / total);
    expect(players).toBeGreaterThan(0.5);
    const flags = others.pop();
    expect(flags).toBeLessThan(0.02);
    // Goalkeeper, referee, ball and goal: few, but enough to learn them.
    for (const share of others) expect(share).toBeGreaterThan(0.02);
  });

  it('keeps its boxes inside the picture, and labels nothing too small or too much hidden for a person', () => {
    for (const { truth } of filmPlay(new Footage(options({ seed: 6, league: 'mixed', fps: 2 })))) {
      for (const { x1, y1, x2, y2, visibility } of truth) {
        expect(Math.min(x1, y1)).toBeGreaterThanOrEqual(0);
        expect(x2).toBeLessThanOrEqual(640);
        expect(y2).toBeLessThanOrEqual(360);
        expect(Math.min(x2 - x1, y2 - y1)).toBeGreaterThanOrEqual(5);
        expect(visibility).toBeGreaterThanOrEqual(0.35);
        expect(visibility).toBeLessThanOrEqual(1);
      }
    }
  });

  it('labels people on the pitch only: neither crowd nor studio', () => {
    const footage = new Footage(options({ seed: 7 }));
    const empty = footage.shots.filter(isEmptyShot);
    const frames = film(
      footage,
      empty.map((shot) => (shot.start + shot.end) / 2),
    );
    expect(frames.flatMap(({ truth }) => truth)).toEqual([]);
  });

  it('has a ball of 5 to 14 pixels, longer only where it is blurred by its flight', () => {
    const balls = filmPlay(new Footage(options({ seed: 8, fps: 2 }))).flatMap(({ truth }) =>
      truth.filter(({ classId }) => CLASSES[classId] === 'ball'),
    );
    const sizes = balls.map(({ x1, y1, x2, y2 }) => Math.min(x2 - x1, y2 - y1)).sort((a, b) => a - b);
    expect(sizes[0]).toBeGreaterThanOrEqual(5);
    expect(sizes[Math.floor(sizes.length * 0.9)]).toBeLessThanOrEqual(14);
  });

  it('has the same boxes at every size, in pixels of that size', () => {
    const at = (width: number, height: number): FilmedFrame | undefined => {
      const footage = new Footage(options({ seed: 9, width, height }));
      const shot = footage.shots.find(({ kind }) => kind === 'behind_goal');
      return film(footage, [((shot?.start ?? 0) + (shot?.end ?? 0)) / 2])[0];
    };
    const normal = at(640, 360)?.truth.filter(({ visibility }) => visibility > 0.6) ?? [];
    expect(normal.length).toBeGreaterThan(4);
    for (const [width, height] of [
      [320, 180],
      [960, 540],
    ] as const) {
      const scale = width / 640;
      const truth = at(width, height)?.truth ?? [];
      for (const box of normal) {
        const same = truth.find(
          ({ classId, x1, y1, x2, y2 }) =>
            classId === box.classId &&
            Math.abs(x1 - box.x1 * scale) < 1 &&
            Math.abs(y1 - box.y1 * scale) < 1 &&
            Math.abs(x2 - box.x2 * scale) < 1 &&
            Math.abs(y2 - box.y2 * scale) < 1,
        );
        expect(same, JSON.stringify(box)).toBeDefined();
      }
    }
  });

  it('shows in a replay what the passage showed, with the same truth, at half speed', () => {
    const footage = new Footage(options({ seed: 10, fps: 12.5 }));
    const replay = footage.shots.find(({ kind }) => kind === 'replay');
    expect(replay?.replayFrom).toBeDefined();
    const { start = 0, replayFrom = 0, replayOf = -1 } = replay ?? {};
    expect(replay?.id).toBe(replayOf + 1);
    // Beyond the wipes at both ends; every second picture shows a moment that the passage showed too.
    const again = film(footage, [start + 0.96, start + 1.6]);
    const original = film(footage, [replayFrom + 0.48, replayFrom + 0.8]);
    expect(original.map(({ shot }) => shot)).toEqual([replayOf, replayOf]);
    const [boxesAgain, boxes] = [again, original].map((frames) =>
      frames.map(({ truth }) => truth.map(({ x1, y1, classId }) => [classId, x1, y1])),
    );
    expect(boxes?.[0]?.length).toBeGreaterThan(2);
    expect(boxesAgain).toEqual(boxes);
  });

  it('lets the boxes of a shot go as it fades out', () => {
    const footage = new Footage(options({ seed: 1, seconds: 1200 }));
    const faded = footage.shots.find(
      (shot) =>
        shot.transition === 'through_black' && !isEmptyShot(shot) && isEmptyShot(footage.shots[shot.id - 1] ?? shot),
    );
    const { start = 0, transitionSeconds = 0 } = faded ?? {};
    const [dark, dim, clear] = film(
      footage,
      [0.05, 0.35, 0.6].map((share) => start + share * transitionSeconds),
    );
    expect(dark?.truth).toEqual([]);
    expect(dim?.truth.length).toBeGreaterThan(0);
    const most = (frame: FilmedFrame | undefined): number =>
      Math.max(...(frame?.truth ?? []).map((box) => box.visibility));
    expect(most(dim)).toBeLessThan(0.71);
    expect(most(clear)).toBeGreaterThan(0.9);
  });
});

/** A canvas on which the nth object is left out. */
class CanvasWithout extends Canvas {
  #drawn = 0;
  constructor(readonly left: number) {
    super(640, 360);
  }
  override object(classId: number, draw: () => void): void {
    if (this.#drawn++ !== this.left) super.object(classId, draw);
  }
}

/** Around the pixels that differ clearly; a colour that is 10 of 255 off is no longer the object's edge. */
function changedArea(before: Uint8Array, after: Uint8Array): PixelBox {
  const area = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
  before.forEach((value, at) => {
    if (Math.abs(value - (after[at] as number)) < 10) return;
    const [x, y] = [Math.floor(at / 3) % 640, Math.floor(at / 3 / 640)];
    area.x1 = Math.min(area.x1, x);
    area.y1 = Math.min(area.y1, y);
    area.x2 = Math.max(area.x2, x + 1);
    area.y2 = Math.max(area.y2, y + 1);
  });
  return area;
}

describe('a box of the truth', () => {
  it.each(['daylight', 'floodlit'] as const)('holds its object and fits it (%s)', (league) => {
    const stadium = createStadium(createMatch(createRandom(31), league));
    const tried = CLASSES.map(() => 0);
    for (const [seed, kind] of [
      [32, 'corner'],
      [33, 'corner'],
      [34, 'attack'],
      [35, 'attack'],
      [36, 'corner'],
    ] as const) {
      const draw = (canvas: Canvas): Canvas => {
        playScene(createRandom(seed), stadium, 'main', kind, 5).draw(canvas, kind === 'corner' ? 4 : 0.9);
        return canvas;
      };
      const whole = draw(new Canvas(640, 360));
      const truth = truthOf(whole);
      whole.objects.forEach((object, index) => {
        const box = truth.find(({ x2, y2 }) => x2 === object.extent.x2 && y2 === object.extent.y2);
        if (box === undefined || box.visibility < 0.9 || (tried[box.classId] ?? 0) >= 3) return;
        tried[box.classId] = (tried[box.classId] ?? 0) + 1;
        const changed = changedArea(whole.pixels, draw(new CanvasWithout(index)).pixels);
        // What leaving the object out changes lies inside the box, and reaches to its sides.
        expect(changed.x1).toBeGreaterThanOrEqual(Math.floor(box.x1) - 1);
        expect(changed.y1).toBeGreaterThanOrEqual(Math.floor(box.y1) - 1);
        expect(changed.x2).toBeLessThanOrEqual(Math.ceil(box.x2) + 1);
        expect(changed.y2).toBeLessThanOrEqual(Math.ceil(box.y2) + 1);
        expect(changed.x2 - changed.x1).toBeGreaterThanOrEqual(0.6 * (box.x2 - box.x1));
        expect(changed.y2 - changed.y1).toBeGreaterThanOrEqual(0.6 * (box.y2 - box.y1));
      });
    }
    expect(Math.min(...tried), `${tried.join()} boxes of the classes were tried`).toBeGreaterThan(0);
  });
});
