import { rgb, type Rgb } from './colour.js';
import { PITCH_LENGTH, PITCH_WIDTH } from './pitch.js';
import type { Random } from './random.js';

/** Step of the simulation in seconds: the match is the same whatever the number of pictures per second. */
export const STEP = 0.02;

/** How a passage of play begins. */
export type Situation = 'attack' | 'midfield' | 'corner';

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

const SKINS = (['#e8b998', '#c98d63', '#8a5a3c', '#f0c9a8', '#5f3d28'] as const).map(rgb) as [Rgb, ...Rgb[]];
const HAIRS = (['#2a1d14', '#161616', '#6b4423', '#b58a4a', '#3a3a3e'] as const).map(rgb) as [Rgb, ...Rgb[]];

export interface Person {
  role: 'player' | 'goalkeeper' | 'referee' | 'assistant';
  /** 0 attacks to the right, 1 to the left; officials belong to none. */
  team: 0 | 1 | undefined;
  home: readonly [number, number];
  x: number;
  y: number;
  vx: number;
  vy: number;
  phase: number;
  tall: number;
  skin: Rgb;
  hair: Rgb;
}

export interface Ball {
  x: number;
  y: number;
  z: number;
  /** Metres per second. */
  vx: number;
  vy: number;
  vz: number;
}

interface Flight {
  from: Place;
  target: Place;
  /** Who gets the ball; nobody, when it ends in the net or beside the goal. */
  to: Person | undefined;
  seconds: number;
  duration: number;
  /** Height of the flight's top in metres. */
  loft: number;
}

interface Place {
  x: number;
  y: number;
}

/** Twenty-two players, three officials and a ball. */
export class Simulation {
  readonly people: Person[];
  readonly ball: Ball = { x: 0, y: 0, z: 0, vx: 0, vy: 0, vz: 0 };
  readonly #random: Random;
  #holder: Person;
  #flight: Flight | undefined;
  #untilKick: number;
  #corner: boolean;

  constructor(random: Random, situation: Situation) {
    this.#random = random;
    this.#corner = situation === 'corner';
    const right = random.next() < 0.5;
    const along =
      situation === 'midfield' ? random.between(36, 69) : situation === 'attack' ? random.between(84, 97) : 104.6;
    this.ball.x = right ? along : PITCH_LENGTH - along;
    const [near, far] = situation === 'attack' ? [20, 52] : [12, 56];
    this.ball.y = this.#corner ? random.pick([0.5, 67.5, 67.5]) : random.between(near, far);
    this.people = createPeople(random);
    for (const person of this.people) {
      const place = this.#place(person);
      person.x = place.x + random.between(-3, 3);
      person.y = clamp(place.y + random.between(-3, 3), -1, PITCH_WIDTH + 1);
    }
    const attackers = this.people.filter((person) => person.role === 'player' && person.team === (right ? 0 : 1));
    this.#holder = nearest(situation === 'midfield' ? this.#outfield() : attackers, this.ball);
    this.#holder.x = this.ball.x - (right ? 0.6 : -0.6);
    this.#holder.y = this.ball.y;
    this.#untilKick = this.#corner ? random.between(1, 2) : random.between(0.4, 1.5);
    // One second before the cut, so that nobody starts from standing.
    if (!this.#corner) for (let index = 0; index < 50; index++) this.step();
  }

  /** Goes on by {@link STEP}. */
  step(): void {
    const before = { ...this.ball };
    this.#moveBall();
    this.ball.vx = (this.ball.x - before.x) / STEP;
    this.ball.vy = (this.ball.y - before.y) / STEP;
    this.ball.vz = (this.ball.z - before.z) / STEP;
    for (const person of this.people) run(person, this.#place(person));
  }

  #outfield(): Person[] {
    return this.people.filter((person) => person.role === 'player');
  }

  #moveBall(): void {
    const { ball } = this;
    if (this.#flight !== undefined) {
      const { from, target, to, duration, loft } = this.#flight;
      this.#flight.seconds += STEP;
      const share = Math.min(1, this.#flight.seconds / duration);
      ball.x = from.x + share * (target.x - from.x);
      ball.y = from.y + share * (target.y - from.y);
      ball.z = 4 * loft * share * (1 - share);
      if (share < 1 || to === undefined) return;
      this.#holder = to;
      this.#flight = undefined;
      this.#untilKick = this.#random.between(0.5, 1.8);
      return;
    }
    if (!this.#corner) {
      const speed = Math.hypot(this.#holder.vx, this.#holder.vy) || 1;
      // The ball rolls before the feet, nearer and farther with the stride.
      const lead = 0.55 + 0.15 * Math.sin(this.#holder.phase);
      const wanted = { x: (this.#holder.vx / speed) * lead, y: (this.#holder.vy / speed) * lead - 0.2 };
      ball.x += 0.2 * (this.#holder.x + wanted.x - ball.x);
      ball.y += 0.2 * (this.#holder.y + wanted.y - ball.y);
    }
    ball.z = 0;
    this.#untilKick -= STEP;
    if (this.#untilKick <= 0) this.#kick();
  }

  #kick(): void {
    const random = this.#random;
    const { team } = this.#holder;
    const goalX = team === 0 ? PITCH_LENGTH : 0;
    const from = { x: this.ball.x, y: this.ball.y };
    const toGoal = Math.hypot(goalX - from.x, 34 - from.y);
    if (!this.#corner && this.#holder.role === 'player' && toGoal < 24 && random.next() < 0.35) {
      const target = { x: goalX + (team === 0 ? 1.2 : -1.2), y: random.between(29, 39) };
      this.#flight = { from, target, to: undefined, seconds: 0, duration: toGoal / 24, loft: random.between(0.2, 1.6) };
      return;
    }
    const mates = this.#outfield().filter((person) => person !== this.#holder && person.team === team);
    const byReach = mates.sort((a, b) => distance(a, this.ball) - distance(b, this.ball));
    const options = this.#corner
      ? mates.filter((mate) => Math.abs(mate.x - goalX) < 16 && Math.abs(mate.y - 34) < 16)
      : byReach.slice(0, 6);
    const to = options[Math.floor(random.next() * options.length)] ?? byReach[0] ?? this.#holder;
    const metres = distance(to, from);
    const loft = this.#corner ? 3.5 : metres > 18 ? metres / 8 : 0;
    const duration = 0.25 + metres / 18;
    const target = { x: to.x + 0.6 * duration * to.vx, y: to.y + 0.6 * duration * to.vy };
    this.#flight = { from, target, to, seconds: 0, duration, loft };
    this.#corner = false;
  }

  /** Where a person wants to be. */
  #place(person: Person): Place {
    const { ball } = this;
    const side = person.team === 0 ? 0 : PITCH_LENGTH;
    const shift = ball.x - PITCH_LENGTH / 2;
    switch (person.role) {
      case 'goalkeeper': {
        const out = clamp(Math.abs(ball.x - side) * 0.12, 0.8, 9);
        return { x: side === 0 ? out : side - out, y: 34 + clamp(ball.y - 34, -9, 9) * 0.3 };
      }
      case 'referee':
        return { x: clamp(ball.x - Math.sign(shift || 1) * 9, 4, 101), y: ball.y + (ball.y > 34 ? -9 : 9) };
      case 'assistant':
        return {
          x: clamp(ball.x + person.home[0], 52.5 * (person.home[1] > 34 ? 1 : 0), 52.5 * (person.home[1] > 34 ? 2 : 1)),
          y: person.home[1],
        };
      case 'player': {
        if (this.#flight?.to === person) return this.#flight.target;
        if (person === this.#holder && this.#flight === undefined) {
          if (this.#corner) return { x: ball.x, y: ball.y };
          const goalX = person.team === 0 ? PITCH_LENGTH : 0;
          return { x: person.x + Math.sign(goalX - person.x) * 4, y: person.y + clamp(34 - person.y, -2, 2) };
        }
        if (this.#chases(person)) return { x: ball.x, y: ball.y };
        if (this.#cornerCrowd(person)) {
          const goalX = ball.x > PITCH_LENGTH / 2 ? PITCH_LENGTH : 0;
          const [along, across] = person.home;
          return {
            x: goalX + Math.sign(PITCH_LENGTH / 2 - goalX) * (3 + ((along * 7) % 13)),
            y: 26 + ((across * 5) % 16),
          };
        }
        return {
          x: clamp(person.home[0] + 0.58 * shift, 2, PITCH_LENGTH - 2),
          y: clamp(person.home[1] + 0.4 * (ball.y - PITCH_WIDTH / 2), 1, PITCH_WIDTH - 1),
        };
      }
    }
  }

  #chases(person: Person): boolean {
    if (this.#corner || person.team === this.#holder?.team) return false;
    const team = this.people.filter((other) => other.role === 'player' && other.team === person.team);
    return nearest(team, this.ball) === person;
  }

  /** For a corner most of both teams wait before the goal, the tall ones above all. */
  #cornerCrowd(person: Person): boolean {
    if (!this.#corner) return false;
    const goalX = this.ball.x > PITCH_LENGTH / 2 ? PITCH_LENGTH : 0;
    return Math.abs(person.home[0] - goalX) < 70 && person.tall > 1.77;
  }
}

function createPeople(random: Random): Person[] {
  const person = (role: Person['role'], team: 0 | 1 | undefined, along: number, across: number): Person => ({
    ...{ role, team, home: [along, across], x: along, y: across },
    vx: random.between(-1, 1),
    vy: random.between(-1, 1),
    phase: random.between(0, 6),
    tall: random.between(1.72, 1.94),
    skin: random.pick(SKINS),
    hair: random.pick(HAIRS),
  });
  const jitter = (): number => random.between(-4, 4);
  return [
    ...([0, 1] as const).flatMap((team) =>
      FORMATION.map(([along, across], index) =>
        person(
          index === 0 ? 'goalkeeper' : 'player',
          team,
          (team === 0 ? along : PITCH_LENGTH - along) + jitter(),
          across + jitter(),
        ),
      ),
    ),
    person('referee', undefined, 48, 30),
    // They walk outside the touchlines; `home` holds how far before or behind the ball, and on which side.
    person('assistant', undefined, random.between(-9, 9), PITCH_WIDTH + 0.9),
    person('assistant', undefined, random.between(-9, 9), -0.9),
  ];
}

/** One step of running towards a place, with a runner's inertia and a top speed of 7 m/s. */
function run(person: Person, place: Place): void {
  const dx = place.x - person.x;
  const dy = place.y - person.y;
  const far = Math.hypot(dx, dy);
  const wanted = far < 0.7 ? 0 : Math.min(7, 1.1 * far);
  const grip = 0.05;
  person.vx += grip * ((wanted * dx) / (far || 1) - person.vx);
  person.vy += grip * ((wanted * dy) / (far || 1) - person.vy);
  person.x += person.vx * STEP;
  person.y = clamp(person.y + person.vy * STEP, -1, PITCH_WIDTH + 1);
  // A stride of about 2.4 m per full cycle.
  person.phase += (0.25 + 0.42 * Math.hypot(person.vx, person.vy)) * STEP * 2 * Math.PI;
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const distance = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y);

function nearest(people: readonly Person[], place: Place): Person {
  return people.reduce((best, person) => (distance(person, place) < distance(best, place) ? person : best));
}
