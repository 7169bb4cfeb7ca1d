import { createCamera, type Camera } from './camera.js';
import { drawBall, drawFigure, KITS, type Figure } from './figures.js';
import { drawStadium, PITCH_LENGTH, PITCH_WIDTH } from './pitch.js';
import type { Random } from './random.js';
import { visibleBoxes, type ClassId, type Picture, type Scene } from './scene.js';

/** Time between two pictures and step of the simulation, in seconds (12.5 pictures per second). */
export const STEP = 0.08;

/** Bigger than a real ball (0.11 m), so that at this resolution the far touchline still shows it. Metres. */
const BALL_RADIUS = 0.2;

/** A 4-4-2 for the team that attacks to the right: metres from its own goal line, metres across. */
const FORMATION = [
  [4, 34],
  [22, 10],
  [18, 26],
  [18, 42],
  [22, 58],
  [42, 10],
  [38, 27],
  [38, 41],
  [42, 58],
  [60, 27],
  [60, 41],
] as const;

const SKINS = ['#e8b998', '#c98d63', '#8a5a3c', '#f0c9a8'] as const;
const HAIRS = ['#2a1d14', '#161616', '#6b4423', '#b58a4a'] as const;

interface Person {
  kit: keyof typeof KITS;
  home: readonly [number, number];
  x: number;
  y: number;
  vx: number;
  vy: number;
  phase: number;
  tall: number;
  skin: string;
  hair: string;
}

export interface ShotStyle {
  /** In pixels: 1100 shows half a pitch, 2200 a duel. */
  focalLength: number;
  /** Whether the camera follows the ball across the pitch too, as close shots do. */
  close: boolean;
}

/** A shot of play: 22 players and a referee move with the ball, the camera pans after it. */
export function matchShot(random: Random, style: ShotStyle): Scene {
  const people = createPeople(random);
  const referee = people[people.length - 1] as Person;
  const players = people.slice(0, -1);
  const ball = { x: random.between(25, 80), y: random.between(14, 54), z: 0 };
  let holder = nearest(players, ball);
  let pass:
    { from: { x: number; y: number }; to: Person; seconds: number; duration: number; lofted: boolean } | undefined;
  let untilPass = random.between(0.4, 1.5);
  const aim = { x: ball.x, y: style.close ? ball.y : 27 };

  const moveBall = (): void => {
    if (pass !== undefined) {
      pass.seconds += STEP;
      const share = Math.min(1, pass.seconds / pass.duration);
      ball.x = pass.from.x + share * (pass.to.x - pass.from.x);
      ball.y = pass.from.y + share * (pass.to.y - pass.from.y) - 0.4 * share;
      ball.z = pass.lofted ? 10 * share * (1 - share) : 0;
      if (share === 1) {
        holder = pass.to;
        pass = undefined;
        untilPass = random.between(0.5, 1.6);
      }
      return;
    }
    ball.x = holder.x + 0.6 * Math.sign(holder.vx || 1);
    ball.y = holder.y - 0.4;
    untilPass -= STEP;
    if (untilPass > 0) return;
    const mates = players.filter((player) => player !== holder && player.kit === holder.kit);
    const near = mates.sort((a, b) => distance(a, holder) - distance(b, holder)).slice(0, 5);
    const to = near[Math.floor(random.next() * near.length)] ?? holder;
    const metres = distance(to, holder);
    pass = { from: { x: ball.x, y: ball.y }, to, seconds: 0, duration: 0.3 + metres / 17, lofted: metres > 20 };
  };

  const movePeople = (): void => {
    for (const kit of ['red', 'blue'] as const) {
      const team = players.filter((player) => player.kit === kit);
      const chaser = nearest(team, ball);
      for (const player of team) {
        const chases = player === chaser && pass?.to !== player;
        const keeper = player === team[0];
        const follow = keeper ? 0.05 : 0.55;
        run(player, {
          x: chases ? ball.x : player.home[0] + follow * (ball.x - PITCH_LENGTH / 2),
          y: chases ? ball.y : player.home[1] + 0.4 * (ball.y - PITCH_WIDTH / 2),
        });
      }
    }
    run(referee, { x: ball.x - 9, y: ball.y + (ball.y > 34 ? -8 : 8) });
  };

  const step = (): void => {
    moveBall();
    movePeople();
    // A cameraman follows late and smoothly: a first-order lag of about half a second.
    aim.x += 0.14 * (clamp(ball.x, 14, 91) - aim.x);
    if (style.close) aim.y += 0.14 * (ball.y - aim.y);
  };
  // Two seconds before the cut, so that nobody starts from standing.
  for (let index = 0; index < 25; index++) step();

  let next = 0;
  return {
    draw: (seconds) => {
      for (; next * STEP < seconds + STEP / 2; next++) step();
      const camera = createCamera([aim.x, aim.y, style.close ? 0.9 : 0], style.focalLength);
      return drawPlay(camera, people, ball, seconds);
    },
  };
}

function createPeople(random: Random): Person[] {
  const person = (kit: keyof typeof KITS, along: number, across: number): Person => ({
    kit,
    home: [along + random.between(-4, 4), across + random.between(-5, 5)],
    x: along + random.between(-8, 8),
    y: across + random.between(-6, 6),
    vx: random.between(-1, 1),
    vy: 0,
    phase: random.between(0, 6),
    tall: random.between(1.74, 1.94),
    skin: random.pick(SKINS),
    hair: random.pick(HAIRS),
  });
  return [
    ...FORMATION.map(([along, across]) => person('red', along, across)),
    ...FORMATION.map(([along, across]) => person('blue', PITCH_LENGTH - along, across)),
    person('referee', 48, 30),
  ];
}

/** One step of running towards a goal, with a runner's inertia and a top speed of 7 m/s. */
function run(person: Person, goal: { x: number; y: number }): void {
  const dx = goal.x - person.x;
  const dy = goal.y - person.y;
  const far = Math.hypot(dx, dy);
  const wanted = far < 0.8 ? 0 : Math.min(7, 1.2 * far);
  person.vx += 0.18 * ((wanted * dx) / (far || 1) - person.vx);
  person.vy += 0.18 * ((wanted * dy) / (far || 1) - person.vy);
  person.x += person.vx * STEP;
  person.y = clamp(person.y + person.vy * STEP, 0.5, PITCH_WIDTH - 0.5);
  // A stride of about 2 m per full cycle.
  person.phase += (0.4 + Math.hypot(person.vx, person.vy)) * STEP * Math.PI;
}

function drawPlay(
  camera: Camera,
  people: readonly Person[],
  ball: { x: number; y: number; z: number },
  seconds: number,
): Picture {
  const objects: { classId: ClassId; far: number; shadow: string; figure: Figure }[] = [];
  for (const person of people) {
    const feet = camera.project([person.x, person.y, 0]);
    if (feet === undefined) continue;
    const figure = drawFigure(KITS[person.kit], {
      x: feet.x,
      y: feet.y,
      height: person.tall * feet.pixelsPerMetre,
      phase: person.phase,
      effort: Math.min(1, Math.hypot(person.vx, person.vy) / 6),
      facing: person.vx < 0 ? -1 : 1,
      skin: person.skin,
      hair: person.hair,
    });
    const shadow = shadowAt(feet.x, feet.y, 0.45 * feet.pixelsPerMetre);
    objects.push({ classId: person.kit === 'referee' ? 1 : 0, far: person.y, shadow, figure });
  }
  const centre = camera.project([ball.x, ball.y, ball.z + BALL_RADIUS]);
  if (centre !== undefined) {
    const figure = drawBall(centre.x, centre.y, BALL_RADIUS * centre.pixelsPerMetre);
    const ground = camera.project([ball.x, ball.y, 0]) ?? centre;
    const shadow = shadowAt(ground.x, ground.y, 0.2 * centre.pixelsPerMetre);
    objects.push({ classId: 2, far: ball.y, shadow, figure });
  }
  objects.sort((a, b) => b.far - a.far);
  const svg = objects.map((object) => object.shadow).join('') + objects.map((object) => object.figure.svg).join('');
  return { svg: drawStadium(camera, seconds) + svg, truth: visibleBoxes(objects) };
}

const shadowAt = (x: number, y: number, radius: number): string =>
  `<ellipse cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" rx="${radius.toFixed(1)}" ry="${(radius * 0.3).toFixed(1)}" ` +
  `fill="#1c3d1c" fill-opacity="0.45"/>`;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const distance = (a: { x: number; y: number }, b: { x: number; y: number }): number => Math.hypot(a.x - b.x, a.y - b.y);

function nearest(people: readonly Person[], point: { x: number; y: number }): Person {
  return people.reduce((best, person) => (distance(person, point) < distance(best, point) ? person : best));
}
