import type { Camera, Point3 } from './camera.js';
import { FRAME_HEIGHT, FRAME_WIDTH } from './camera.js';
import { createRandom } from './random.js';

/** Pitch and markings by the Laws of the Game (IFAB, Law 1), in metres. */
export const PITCH_LENGTH = 105;
export const PITCH_WIDTH = 68;

const GRASS = ['#4b9a45', '#438d3e'] as const;
const BOARD_COLOURS = ['#e8e8ea', '#22304f', '#c92f35', '#2650b8', '#e6c92f', '#1d7a4d', '#f3f3f3'] as const;
const CROWD_COLOURS = ['#8a8f98', '#c9ccd1', '#b23038', '#2e4fa8', '#d9b93a', '#3b3f4a', '#e7d9c6', '#6a4f3c'] as const;

const arc = (x: number, y: number, radius: number, from: number, to: number): Point3[] =>
  Array.from({ length: 25 }, (_, step) => {
    const angle = from + ((to - from) * step) / 24;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), 0];
  });

const rectangle = (x1: number, y1: number, x2: number, y2: number): Point3[] => [
  [x1, y1, 0],
  [x2, y1, 0],
  [x2, y2, 0],
  [x1, y2, 0],
  [x1, y1, 0],
];

/** Half the angle of the arc outside the penalty area: its centre is 11 m from the goal line, the area ends at 16.5 m. */
const PENALTY_ARC = Math.acos(5.5 / 9.15);

const MARKINGS: readonly Point3[][] = [
  rectangle(0, 0, PITCH_LENGTH, PITCH_WIDTH),
  [
    [52.5, 0, 0],
    [52.5, 68, 0],
  ],
  arc(52.5, 34, 9.15, 0, 2 * Math.PI),
  rectangle(0, 13.84, 16.5, 54.16),
  rectangle(88.5, 13.84, 105, 54.16),
  rectangle(0, 24.84, 5.5, 43.16),
  rectangle(99.5, 24.84, 105, 43.16),
  arc(11, 34, 9.15, -PENALTY_ARC, PENALTY_ARC),
  arc(94, 34, 9.15, Math.PI - PENALTY_ARC, Math.PI + PENALTY_ARC),
];

const goalFrame = (x: number): Point3[] => [
  [x, 30.34, 0],
  [x, 30.34, 2.44],
  [x, 37.66, 2.44],
  [x, 37.66, 0],
];

/** One spectator of the far stand: seat, colour and rhythm never change, so every shot sees the same crowd. */
const SPECTATORS = (() => {
  const random = createRandom(68);
  const seats: { at: Point3; colour: string; phase: number }[] = [];
  for (let row = 0; row < 9; row++) {
    for (let x = -30; x < 135; x += 1.3) {
      if (random.next() < 0.8) {
        seats.push({
          at: [x + random.between(-0.3, 0.3), 76.5 + row * 0.9, 1.9 + row * 0.75],
          colour: random.pick(CROWD_COLOURS),
          phase: random.next() * 2 * Math.PI,
        });
      }
    }
  }
  return seats;
})();

/** The stadium without people on the pitch, as SVG elements: grass, markings, goals, advertising boards, far stand. */
export function drawStadium(camera: Camera, seconds: number): string {
  const parts = [`<rect width="${FRAME_WIDTH}" height="${FRAME_HEIGHT}" fill="${GRASS[1]}"/>`];
  for (let stripe = 0; stripe < 20; stripe += 2) {
    const x1 = stripe * 5.25;
    const strip = camera.polygon([
      [x1, -5, 0],
      [x1 + 5.25, -5, 0],
      [x1 + 5.25, 73, 0],
      [x1, 73, 0],
    ]);
    parts.push(`<path d="${strip}" fill="${GRASS[0]}"/>`);
  }
  parts.push(
    `<path d="${MARKINGS.map((line) => camera.line(line)).join('')}" fill="none" stroke="#eef3ee" stroke-width="1.6"/>`,
    drawStand(camera, seconds),
  );
  for (const x of [0, PITCH_LENGTH]) {
    parts.push(`<path d="${camera.line(goalFrame(x))}" fill="none" stroke="#f6f6f6" stroke-width="2.4"/>`);
  }
  return parts.join('');
}

function drawStand(camera: Camera, seconds: number): string {
  const wall = camera.polygon([
    [-60, 75, 0],
    [165, 75, 0],
    [165, 100, 22],
    [-60, 100, 22],
  ]);
  const parts = [`<path d="${wall}" fill="#3c4048"/>`];
  for (const { at, colour, phase } of SPECTATORS) {
    const screen = camera.project([at[0], at[1], at[2] + 0.12 * Math.sin(3 * seconds + phase)]);
    if (screen === undefined || screen.x < -5 || screen.x > FRAME_WIDTH + 5 || screen.y < -5) continue;
    const radius = (0.34 * screen.pixelsPerMetre).toFixed(1);
    parts.push(`<circle cx="${screen.x.toFixed(1)}" cy="${screen.y.toFixed(1)}" r="${radius}" fill="${colour}"/>`);
  }
  for (let board = 0; board < 24; board++) {
    const x1 = -30 + board * 7;
    const face = camera.polygon([
      [x1, 74, 0],
      [x1 + 6.9, 74, 0],
      [x1 + 6.9, 74, 1],
      [x1, 74, 1],
    ]);
    parts.push(`<path d="${face}" fill="${BOARD_COLOURS[(board * 5) % BOARD_COLOURS.length]}"/>`);
  }
  return parts.join('');
}
