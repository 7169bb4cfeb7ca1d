import { createCamera, type Camera, type Point3 } from './camera.js';
import { CANVAS_WIDTH, type Canvas } from './canvas.js';
import { rgb, WHITE } from './colour.js';
import { drawFigure } from './figure.js';
import { paintSurroundings, type Stadium } from './ground.js';
import type { Kit, Match } from './league.js';
import { CORNERS, drawBoards, drawCornerFlag, drawGoal, drawMarkings, PITCH_LENGTH } from './pitch.js';
import type { Random } from './random.js';
import { classIdOf, type Scene } from './scene.js';
import { capsule, ellipse, rectangle, textWidth, write } from './shapes.js';
import { clamp, Simulation, STEP, type Ball, type Person, type Situation } from './simulation.js';

/** From where a shot of play is filmed. */
export type View = 'main' | 'close' | 'behind_goal';

/** How long each picture is exposed: sports cameras keep it short. */
const SHUTTER_SECONDS = 0.012;

/** Bigger than a real ball (0.11 m), so that at this resolution the far touchline still shows it. Metres. */
const BALL_RADIUS = 0.21;

/** In canvas units: a ball is never smaller or larger than this, whatever its distance. */
const BALL_LIMITS = [2.7, 6.5] as const;

/** Focal lengths in canvas units. A corner is filmed so that the picture holds both the flag and the goal. */
const ZOOMS = {
  attack: [1250, 1850],
  midfield: [1100, 1600],
  corner: [1000, 1300],
  close: [1500, 2300],
  behind_goal: [640, 900],
} as const;

/** A shot of play: everybody moves with the ball, the camera pans after it and zooms a little. */
export function playScene(random: Random, stadium: Stadium, view: View, situation: Situation, duration: number): Scene {
  const simulation = new Simulation(random, situation);
  const { ball } = simulation;
  const operator = new Operator(random, view, situation, ball, duration);
  const score = `${Math.floor(random.next() * 4)}-${Math.floor(random.next() * 4)}`;
  const minute = Math.floor(random.between(1, 89));
  let steps = 0;
  return {
    draw: (canvas, seconds) => {
      for (; (steps + 0.5) * STEP < seconds; steps++) {
        simulation.step();
        operator.follow(ball);
      }
      const camera = operator.camera(seconds, canvas.height);
      paintSurroundings(canvas, camera, stadium);
      drawMarkings(canvas, camera, stadium.match);
      drawBoards(canvas, camera, stadium.match);
      drawObjects(canvas, camera, stadium.match, simulation, seconds);
      canvas.blur(operator.panSpeed(camera) * SHUTTER_SECONDS);
      drawScore(canvas, stadium.match, score, minute, seconds);
    },
  };
}

/** The person behind the camera: follows the ball late and smoothly. */
class Operator {
  readonly #position: Point3;
  readonly #view: View;
  readonly #situation: Situation;
  readonly #zoom: readonly [from: number, to: number];
  readonly #duration: number;
  readonly #lead: { x: number; y: number };
  readonly #aim: { x: number; y: number };
  #before: { x: number; y: number };

  constructor(random: Random, view: View, situation: Situation, ball: Ball, duration: number) {
    const between = (low: number, high: number): number => random.between(low, high);
    this.#view = view;
    this.#situation = situation;
    this.#duration = duration;
    const right = ball.x > PITCH_LENGTH / 2;
    this.#position =
      view === 'main'
        ? [52.5 + between(-6, 6), between(-36, -28), between(14, 20)]
        : view === 'close'
          ? [52.5 + between(-20, 20), between(-17, -11), between(4, 7)]
          : [right ? PITCH_LENGTH + between(17, 24) : -between(17, 24), 34 + between(-9, 9), between(9, 14)];
    const [low, high] = ZOOMS[view === 'main' ? situation : view];
    this.#zoom = [between(low, high), between(low, high)];
    this.#lead = { x: between(-2, 2), y: view === 'main' ? between(-4, 2) : 0 };
    this.#aim = this.#target(ball);
    this.#before = { ...this.#aim };
  }

  follow(ball: Ball): void {
    const target = this.#target(ball);
    // A first-order lag of about half a second.
    this.#before = { ...this.#aim };
    this.#aim.x += 0.036 * (target.x - this.#aim.x);
    this.#aim.y += 0.036 * (target.y - this.#aim.y);
  }

  camera(seconds: number, height: number): Camera {
    const share = clamp(seconds / Math.max(3, this.#duration), 0, 1);
    const [from, to] = this.#zoom;
    const focalLength = from + (to - from) * share * share * (3 - 2 * share);
    const above = this.#view === 'close' ? 1 : 0;
    return createCamera(this.#position, [this.#aim.x, this.#aim.y, above], focalLength, height);
  }

  /** How fast the picture moves sideways, in canvas units per second. */
  panSpeed(camera: Camera): number {
    const now = camera.project([this.#aim.x, this.#aim.y, 0]);
    const before = camera.project([this.#before.x, this.#before.y, 0]);
    return now === undefined || before === undefined ? 0 : Math.abs(now.x - before.x) / STEP;
  }

  #target(ball: Ball): { x: number; y: number } {
    if (this.#view === 'behind_goal') {
      const inward = this.#position[0] < 0 ? 1 : -1;
      const goal = this.#position[0] < 0 ? 0 : PITCH_LENGTH;
      return { x: goal + inward * clamp(Math.abs(ball.x - goal), 3, 16), y: clamp(ball.y, 24, 44) };
    }
    if (this.#view === 'close') return { x: ball.x, y: ball.y };
    // Towards the goal under attack, so that it comes into the picture.
    const ahead = clamp((ball.x - PITCH_LENGTH / 2) / 8, -4, 4);
    const across = this.#situation === 'corner' ? 34 + 0.35 * (ball.y - 34) : 16 + 0.35 * (ball.y - 34);
    const margin = this.#situation === 'midfield' ? 22 : 11;
    const along = clamp(ball.x + ahead + this.#lead.x, margin, PITCH_LENGTH - margin);
    return { x: along, y: clamp(across + this.#lead.y, 12, 46) };
  }
}

function drawObjects(canvas: Canvas, camera: Camera, match: Match, simulation: Simulation, seconds: number): void {
  const { people, ball } = simulation;
  for (const person of people) drawShadows(canvas, camera, match, person.x, person.y, person.tall);
  drawBallShadow(canvas, camera, ball);
  const things = [
    ...people.map((person) => ({
      classId: classIdOf(person.role === 'assistant' ? 'referee' : person.role),
      at: [person.x, person.y, 0] as Point3,
      draw: () => drawPerson(canvas, camera, match, person),
    })),
    { classId: classIdOf('ball'), at: [ball.x, ball.y, 0] as Point3, draw: () => drawBall(canvas, camera, ball) },
    ...[0, PITCH_LENGTH].map((x) => ({
      classId: classIdOf('goal'),
      at: [x, 34, 0] as Point3,
      draw: () => drawGoal(canvas, camera, x),
    })),
    ...CORNERS.map((corner) => ({
      classId: classIdOf('corner_flag'),
      at: corner,
      draw: () => drawCornerFlag(canvas, camera, corner, match.flag, seconds),
    })),
  ].map((thing) => ({ ...thing, depth: camera.depth(thing.at) }));
  things.sort((a, b) => b.depth - a.depth);
  for (const { classId, at, depth, draw } of things) {
    const spot = depth > 2 ? camera.project(at) : undefined;
    // A goal is wide: it may reach into the picture from farther away than anything else.
    const margin = 60 + 12 * (spot?.unitsPerMetre ?? 0);
    if (spot === undefined || spot.x < -margin || spot.x > CANVAS_WIDTH + margin) continue;
    if (spot.y < -margin || spot.y > canvas.height + margin) continue;
    canvas.object(classId, draw);
  }
}

function drawPerson(canvas: Canvas, camera: Camera, match: Match, person: Person): void {
  const feet = camera.project([person.x, person.y, 0]);
  if (feet === undefined) return;
  const speed = Math.hypot(person.vx, person.vy);
  const side = (person.vx * camera.right[0] + person.vy * camera.right[1]) / Math.max(speed, 1);
  const away = person.vx * camera.forward[0] + person.vy * camera.forward[1];
  drawFigure(canvas, kitOf(match, person), {
    x: feet.x,
    y: feet.y,
    height: person.tall * feet.unitsPerMetre,
    phase: person.phase,
    effort: Math.min(1, speed / 6),
    side: clamp(side, -1, 1),
    facing: away > 0.3 ? -1 : 1,
    ready: person.role === 'goalkeeper' ? 0.8 * (1 - Math.min(1, speed / 4)) : 0,
    ...(person.role === 'goalkeeper' ? { gloves: WHITE } : {}),
    skin: person.skin,
    hair: person.hair,
  });
}

function kitOf(match: Match, person: Person): Kit {
  if (person.team === undefined) return match.referee;
  return person.role === 'goalkeeper' ? match.keepers[person.team] : match.teams[person.team];
}

function drawShadows(canvas: Canvas, camera: Camera, match: Match, x: number, y: number, tall: number): void {
  const feet = camera.project([x, y, 0]);
  if (feet === undefined || feet.x < -80 || feet.x > CANVAS_WIDTH + 80 || feet.y < 0) return;
  const metre = feet.unitsPerMetre;
  canvas.fill(ellipse(feet.x, feet.y, 0.3 * metre, 0.09 * metre, 10), SHADOW, 0.35);
  if (match.shadedFrom !== undefined && y > match.shadedFrom) return;
  for (const shadow of match.shadows) {
    const head = camera.project([x + shadow.x * tall, y + shadow.y * tall, 0]);
    if (head === undefined) continue;
    canvas.fill(capsule(feet.x, feet.y, head.x, head.y, 0.09 * metre, 0.13 * metre), SHADOW, shadow.opacity);
  }
}

const SHADOW = rgb('#0c1c10');

function drawBallShadow(canvas: Canvas, camera: Camera, ball: Ball): void {
  const ground = camera.project([ball.x, ball.y, 0]);
  if (ground === undefined) return;
  const radius = BALL_RADIUS * ground.unitsPerMetre;
  canvas.fill(ellipse(ground.x, ground.y, radius, 0.4 * radius, 10), SHADOW, 0.4);
}

/** A ball in flight is a streak as long as the shutter is open. */
function drawBall(canvas: Canvas, camera: Camera, ball: Ball): void {
  const centre = camera.project([ball.x, ball.y, ball.z + BALL_RADIUS]);
  const t = SHUTTER_SECONDS / 2;
  const next = camera.project([ball.x + ball.vx * t, ball.y + ball.vy * t, ball.z + BALL_RADIUS + ball.vz * t]);
  if (centre === undefined || next === undefined) return;
  const radius = clamp(BALL_RADIUS * centre.unitsPerMetre, ...BALL_LIMITS);
  const half = { x: next.x - centre.x, y: next.y - centre.y };
  const streak = Math.hypot(half.x, half.y);
  if (streak > 0.35 * radius) {
    const opacity = Math.max(0.5, radius / (radius + 0.5 * streak));
    const ends = [centre.x - half.x, centre.y - half.y, centre.x + half.x, centre.y + half.y] as const;
    canvas.fill(capsule(...ends, radius), WHITE, opacity);
    return;
  }
  canvas.fill(ellipse(centre.x, centre.y, radius, radius), WHITE);
  canvas.fill(
    ellipse(centre.x + 0.2 * radius, centre.y + 0.35 * radius, 0.65 * radius, 0.5 * radius, 10),
    rgb('#b9bdc4'),
    0.6,
  );
  canvas.fill(
    ellipse(centre.x - 0.15 * radius, centre.y - 0.1 * radius, 0.32 * radius, 0.32 * radius, 8),
    rgb('#34363c'),
  );
}

/** The score in the upper left corner, as broadcasters put it over the picture. */
function drawScore(canvas: Canvas, match: Match, score: string, minute: number, seconds: number): void {
  canvas.fill(rectangle(22, 16, 108, 16), rgb('#10182e'), 0.85);
  canvas.fill(rectangle(22, 16, 6, 16), match.teams[0].shirt);
  canvas.fill(rectangle(124, 16, 6, 16), match.teams[1].shirt);
  const second = String(Math.floor(seconds) % 60).padStart(2, '0');
  write(canvas, `${String(minute).padStart(2, '0')}:${second}`, 34, 19, 2, rgb('#f0da27'));
  write(canvas, score, 128 - 10 - 2 * textWidth(score), 19, 2, WHITE);
}
