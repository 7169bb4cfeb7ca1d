import { blackShot, crowdShot, grassShot, scoreboardShot, studioShot } from './backdrops.js';
import { matchShot, STEP } from './match.js';
import { createRandom, type Random } from './random.js';
import type { Picture, Scene } from './scene.js';

export const FPS = 1 / STEP;

export interface FilmedPicture extends Picture {
  /** Presentation time in seconds. */
  pts: number;
  /** Counts the shots of a clip from 0. */
  shot: number;
}

const BACKDROPS = [crowdShot, scoreboardShot, crowdShot, grassShot, studioShot, blackShot] as const;

/**
 * Broadcast-like footage: shots of 2.5-6 s with hard cuts, about half of the time without anything to label. The same
 * seed gives the same pictures.
 */
export function* film(seed: number, seconds: number): Generator<FilmedPicture> {
  const random = createRandom(seed);
  const pictures = Math.round(seconds * FPS);
  let scene: Scene | undefined;
  let shot = -1;
  let shotStart = 0;
  let shotEnd = 0;
  for (let index = 0; index < pictures; index++) {
    if (scene === undefined || index >= shotEnd) {
      shot++;
      const play = shot % 2 === 0;
      shotStart = index;
      shotEnd = index + Math.round((play ? random.between(3, 6) : random.between(2.5, 5.5)) * FPS);
      scene = play ? playShot(random) : backdrop(random, (shot - 1) / 2);
    }
    yield { pts: roundTo(index * STEP, 1000), shot, ...scene.draw((index - shotStart) * STEP) };
  }
}

function playShot(random: Random): Scene {
  const close = random.next() < 0.35;
  return matchShot(random, { close, focalLength: close ? random.between(1700, 2300) : random.between(1000, 1350) });
}

/** Runs through the kinds, beginning anywhere, so that a short clip shows most of them; black is short on television. */
function backdrop(random: Random, turn: number): Scene {
  const kind = BACKDROPS[(turn + Math.floor(random.next() * 2)) % BACKDROPS.length] ?? crowdShot;
  return kind(random);
}

export const roundTo = (value: number, steps: number): number => Math.round(value * steps) / steps;
