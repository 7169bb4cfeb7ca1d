import {
  advertScene,
  blackScene,
  farCrowdScene,
  grassScene,
  nearCrowdScene,
  scoreboardScene,
  stadiumScene,
  studioScene,
} from './backdrops.js';
import { Canvas, CANVAS_WIDTH } from './canvas.js';
import { mix, WHITE } from './colour.js';
import { Grader, NEUTRAL } from './grade.js';
import { createStadium, type Stadium } from './ground.js';
import { createMatch, LEAGUES, type League } from './league.js';
import { planShots, REPLAY_SPEED, roundTo, type FootageLeague, type Shot } from './plan.js';
import { playScene } from './play.js';
import { createRandom } from './random.js';
import { truthOf, type Scene, type TruthBox } from './scene.js';
import { write } from './shapes.js';

export interface FootageOptions {
  /** The same options give the same pictures and the same truth. */
  seed: number;
  seconds: number;
  league: FootageLeague;
  /** Pictures per second. Fewer are the same match, looked at less often. */
  fps: number;
  /** Pixels. */
  width: number;
  height: number;
}

export interface FilmedFrame {
  /** Presentation time in seconds. */
  pts: number;
  /** The shot that is to be seen, or more to be seen, by its id. */
  shot: number;
  /** RGB, `width` x `height`. Valid until the next frame is asked for. */
  pixels: Uint8Array;
  truth: TruthBox[];
}

/** Broadcast-like football footage with known truth. */
export class Footage {
  readonly shots: readonly Shot[];
  readonly #stadiums = new Map<League, Stadium>();
  readonly #seed: number;

  constructor(readonly options: FootageOptions) {
    const random = createRandom(options.seed);
    // Neighbouring seeds start alike: the first numbers are thrown away.
    for (let index = 0; index < 5; index++) random.next();
    this.#seed = Math.floor(random.next() * 2 ** 32);
    this.shots = planShots(random, options.seconds, options.league);
  }

  /** Frame times: every 1 / fps seconds from 0. */
  times(): number[] {
    const { seconds, fps } = this.options;
    return Array.from({ length: Math.max(1, Math.round(seconds * fps)) }, (_, index) => roundTo(index / fps, 1e6));
  }

  /** The pictures at the given times (seconds, rising). Only what is asked for is drawn. */
  *film(times: readonly number[] = this.times()): Generator<FilmedFrame> {
    const { width, height } = this.options;
    const front = new Canvas(width, height);
    const back = new Canvas(width, height);
    const grader = new Grader(width, height);
    const scenes = new Map<number, Scene>();
    for (const pts of times) {
      const shot = this.#shotAt(pts);
      for (const id of scenes.keys()) if (id < shot.id - 1) scenes.delete(id);
      const paint = (canvas: Canvas, which: Shot): void => {
        let scene = scenes.get(which.id);
        if (scene === undefined) {
          scene = this.#sceneOf(which);
          scenes.set(which.id, scene);
        }
        canvas.forget();
        // A shot that fades in runs already before its start.
        scene.draw(canvas, Math.max(0, pts - which.start + which.transitionSeconds / 2));
        if (which.kind === 'replay') drawReplayMark(canvas);
      };
      const finish = (canvas: Canvas, which: Shot): void =>
        grader.apply(canvas.pixels, this.#gradeOf(which), Math.round(pts * 1000));
      paint(front, shot);
      const change = this.#changeAt(pts, shot);
      let truth: TruthBox[];
      if (change === undefined) {
        truth = truthOf(front);
        finish(front, shot);
      } else if (change.transition === 'wipe') {
        drawWipe(front, change.progress);
        truth = truthOf(front);
        finish(front, shot);
      } else {
        // How much of the shot that prevails is to be seen: half of both in the middle of a cross-fade.
        const opacity =
          change.transition === 'crossfade' ? 0.5 + Math.abs(change.progress - 0.5) : Math.abs(2 * change.progress - 1);
        truth = truthOf(front, opacity);
        finish(front, shot);
        if (change.transition === 'crossfade') {
          paint(back, change.other);
          truth.push(...truthOf(back, 1 - opacity));
          finish(back, change.other);
          blend(front.pixels, back.pixels, 1 - opacity);
        } else {
          for (let at = 0; at < front.pixels.length; at++) front.pixels[at] = (front.pixels[at] as number) * opacity;
        }
      }
      yield { pts, shot: shot.id, pixels: front.pixels, truth };
    }
  }

  #shotAt(pts: number): Shot {
    return this.shots.find((shot) => pts < shot.end) ?? (this.shots.at(-1) as Shot);
  }

  /** The transition in which a time lies, how far it has gone (0..1), and the shot that goes or comes. */
  #changeAt(pts: number, shot: Shot): { transition: Shot['transition']; progress: number; other: Shot } | undefined {
    for (const [incoming, other] of [
      [shot, this.shots[shot.id - 1]],
      [this.shots[shot.id + 1], this.shots[shot.id + 1]],
    ]) {
      if (incoming === undefined || other === undefined || incoming.transitionSeconds === 0) continue;
      const progress = (pts - incoming.start) / incoming.transitionSeconds + 0.5;
      if (progress >= 0 && progress < 1) return { transition: incoming.transition, progress, other };
    }
    return undefined;
  }

  #stadiumOf(league: League): Stadium {
    let stadium = this.#stadiums.get(league);
    if (stadium === undefined) {
      const random = createRandom(this.#seed ^ (LEAGUES.indexOf(league) + 1));
      stadium = createStadium(createMatch(random, league));
      this.#stadiums.set(league, stadium);
    }
    return stadium;
  }

  #gradeOf(shot: Shot) {
    const indoors = ['studio', 'scoreboard', 'advert', 'black'].includes(shot.kind);
    return indoors ? NEUTRAL : this.#stadiumOf(shot.league).match.grade;
  }

  #sceneOf(shot: Shot): Scene {
    const stadium = this.#stadiumOf(shot.league);
    const random = createRandom(shot.seed);
    const length = shot.end - shot.start;
    switch (shot.kind) {
      case 'attack':
      case 'midfield':
        return playScene(random, stadium, 'main', shot.kind, length);
      case 'corner':
        return playScene(random, stadium, 'main', 'corner', length);
      case 'close':
        return playScene(random, stadium, 'close', 'attack', length);
      case 'behind_goal':
        return playScene(random, stadium, 'behind_goal', 'attack', length);
      case 'replay': {
        const original = this.shots[shot.replayOf ?? 0] as Shot;
        const scene = this.#sceneOf(original);
        // The end of the passage, which is worth seeing again. Scenes begin half a transition before the shot.
        const lead = (original.transitionSeconds - REPLAY_SPEED * shot.transitionSeconds) / 2;
        const from = (shot.replayFrom ?? 0) - original.start + lead;
        return { draw: (canvas, seconds) => scene.draw(canvas, Math.max(0, from + seconds * REPLAY_SPEED)) };
      }
      case 'far_crowd':
        return farCrowdScene(random, stadium);
      case 'near_crowd':
        return nearCrowdScene(random, stadium);
      case 'studio':
        return studioScene(random);
      case 'scoreboard':
        return scoreboardScene(random, stadium);
      case 'advert':
        return advertScene(random);
      case 'grass':
        return grassScene(random, stadium);
      case 'stadium':
        return stadiumScene(random, stadium);
      case 'black':
        return blackScene();
    }
  }
}

function blend(onto: Uint8Array, other: Uint8Array, share: number): void {
  for (let at = 0; at < onto.length; at++) {
    onto[at] = (onto[at] as number) * (1 - share) + (other[at] as number) * share + 0.5;
  }
}

/** A slanted band in the broadcaster's colours crosses the picture, and hides the cut in its middle. */
function drawWipe(canvas: Canvas, progress: number): void {
  const width = 760;
  const x = -width - 120 + progress * (CANVAS_WIDTH + width + 240);
  const { height } = canvas;
  const bands = [mix(WHITE, [30, 60, 160], 0.9), WHITE, mix(WHITE, [30, 60, 160], 0.75)];
  bands.forEach((colour, index) => {
    const left = x + (index * width) / 3;
    const right = left + width / 3 + 1;
    canvas.fill([left + 60, 0, right + 60, 0, right - 60, height, left - 60, height], colour);
  });
}

function drawReplayMark(canvas: Canvas): void {
  write(canvas, 'REPLAY', 560, 20, 2.4, WHITE);
}
