import { strokeLine, type Camera, type Point3 } from './camera.js';
import type { Canvas } from './canvas.js';
import { rgb, shade, WHITE, type Rgb } from './colour.js';
import { GRASS_AREA } from './ground.js';
import type { Match } from './league.js';
import { createRandom } from './random.js';
import { textBars, textWidth } from './shapes.js';

/** Pitch and markings by the Laws of the Game (IFAB, Law 1), in metres. */
export const PITCH_LENGTH = 105;
export const PITCH_WIDTH = 68;

const arc = (x: number, y: number, radius: number, from: number, to: number, pieces = 20): Point3[] =>
  Array.from({ length: pieces + 1 }, (_, step) => {
    const angle = from + ((to - from) * step) / pieces;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), 0];
  });

const outline = (x1: number, y1: number, x2: number, y2: number): Point3[] => [
  [x1, y1, 0],
  [x2, y1, 0],
  [x2, y2, 0],
  [x1, y2, 0],
  [x1, y1, 0],
];

/** Half the angle of the arc outside the penalty area: its centre is 11 m from the goal line, the area ends at 16.5 m. */
const PENALTY_ARC = Math.acos(5.5 / 9.15);

const MARKINGS: readonly Point3[][] = [
  outline(0, 0, PITCH_LENGTH, PITCH_WIDTH),
  [
    [52.5, 0, 0],
    [52.5, 68, 0],
  ],
  arc(52.5, 34, 9.15, 0, 2 * Math.PI, 36),
  arc(52.5, 34, 0.06, 0, 2 * Math.PI, 6),
  outline(0, 13.84, 16.5, 54.16),
  outline(88.5, 13.84, 105, 54.16),
  outline(0, 24.84, 5.5, 43.16),
  outline(99.5, 24.84, 105, 43.16),
  arc(11, 34, 9.15, -PENALTY_ARC, PENALTY_ARC),
  arc(94, 34, 9.15, Math.PI - PENALTY_ARC, Math.PI + PENALTY_ARC),
  arc(11, 34, 0.06, 0, 2 * Math.PI, 6),
  arc(94, 34, 0.06, 0, 2 * Math.PI, 6),
  arc(0, 0, 1, 0, Math.PI / 2, 6),
  arc(0, 68, 1, -Math.PI / 2, 0, 6),
  arc(105, 0, 1, Math.PI / 2, Math.PI, 6),
  arc(105, 68, 1, Math.PI, 1.5 * Math.PI, 6),
];

export function drawMarkings(canvas: Canvas, camera: Camera, match: Match): void {
  const colour = match.league === 'floodlit' ? rgb('#c8d6d4') : rgb('#eef3ea');
  for (const line of MARKINGS) strokeLine(canvas, camera, line, { colour, width: 0.1, thinnest: 0.9, opacity: 0.85 });
}

/** Advertisers that do not exist, with the colours of their boards. */
const BRANDS: readonly { name: string; board: Rgb; text: Rgb }[] = [
  { name: 'KORVA', board: rgb('#1d3f8a'), text: WHITE },
  { name: 'NILO-3', board: rgb('#e8e9ec'), text: rgb('#c22533') },
  { name: 'BRAVUM', board: rgb('#c22533'), text: WHITE },
  { name: 'TESK', board: rgb('#14161c'), text: rgb('#f0c020') },
  { name: 'OLIVA 7', board: rgb('#1c6a3c'), text: rgb('#f0f0d0') },
  { name: 'HEXA', board: rgb('#f0c020'), text: rgb('#14161c') },
  { name: 'ZUMBEL', board: rgb('#6a2a8a'), text: WHITE },
  { name: 'PAXI', board: rgb('#eef0f2'), text: rgb('#1d3f8a') },
];

const BOARD_LENGTH = 7.5;
const BOARD_HEIGHT = 0.95;

/** The boards along the far side and behind both goals; the camera's own side has none in sight. */
export function drawBoards(canvas: Canvas, camera: Camera, match: Match): void {
  const random = createRandom(match.seed ^ 0xb0a);
  const offset = Math.floor(random.between(0, BRANDS.length));
  const { x1, x2, y1, y2 } = GRASS_AREA;
  const sides: [from: Point3, along: Point3, length: number][] = [
    [[x1, y2, 0], [1, 0, 0], x2 - x1],
    [[x1, y1, 0], [0, 1, 0], y2 - y1],
    [[x2, y2, 0], [0, -1, 0], y2 - y1],
  ];
  for (const [start, along, length] of sides) {
    // Seen from behind a board is a grey edge; the cameras behind the goal stand above theirs.
    const inward: Point3 = [along[1], -along[0], 0];
    const facing = (camera.position[0] - start[0]) * inward[0] + (camera.position[1] - start[1]) * inward[1] > 0;
    for (let index = 0; index * BOARD_LENGTH < length; index++) {
      const brand = BRANDS[(index * 3 + offset) % BRANDS.length] as (typeof BRANDS)[number];
      const at = (metres: number, above: number): Point3 => {
        const reach = Math.min(length, index * BOARD_LENGTH + metres);
        return [start[0] + along[0] * reach, start[1] + along[1] * reach, above];
      };
      const board = camera.polygon([
        at(0, 0),
        at(BOARD_LENGTH, 0),
        at(BOARD_LENGTH, BOARD_HEIGHT),
        at(0, BOARD_HEIGHT),
      ]);
      if (board.length === 0 || outside(board, canvas)) continue;
      const lit = match.league === 'floodlit' ? 0.9 : 1;
      canvas.fill(board, facing ? shade(brand.board, lit) : rgb('#6a6e76'));
      if (!facing) continue;
      const dot = 0.13;
      const left = (BOARD_LENGTH - textWidth(brand.name) * dot * 1.7) / 2;
      for (const bar of textBars(brand.name)) {
        const from = left + bar.x * dot * 1.7;
        const to = from + bar.width * dot * 1.7;
        const top = 0.8 - bar.y * dot;
        canvas.fill(camera.polygon([at(from, top), at(to, top), at(to, top - dot), at(from, top - dot)]), brand.text);
      }
    }
  }
}

function outside(polygon: readonly number[], canvas: Canvas): boolean {
  let [left, right, top, bottom] = [true, true, true, true];
  for (let at = 0; at < polygon.length; at += 2) {
    const [x, y] = [polygon[at] as number, polygon[at + 1] as number];
    left &&= x < 0;
    right &&= x > 640;
    top &&= y < 0;
    bottom &&= y > canvas.height;
  }
  return left || right || top || bottom;
}

/** Half of the goal's width, its height, and how deep its net is on the ground and at the bar. Metres. */
const GOAL = { half: 3.66, height: 2.44, deep: 2, deepAbove: 0.9 } as const;

/** A goal with its net. @param x 0 or {@link PITCH_LENGTH} */
export function drawGoal(canvas: Canvas, camera: Camera, x: number): void {
  const behind = x === 0 ? -1 : 1;
  const [y1, y2] = [PITCH_WIDTH / 2 - GOAL.half, PITCH_WIDTH / 2 + GOAL.half];
  const back = (above: number): number =>
    x + behind * (GOAL.deep + (GOAL.deepAbove - GOAL.deep) * (above / GOAL.height));
  const net = { colour: rgb('#dfe4e4'), width: 0.02, thinnest: 0.55, opacity: 0.42 };
  const veil: Point3[][] = [
    [
      [back(0), y1, 0],
      [back(0), y2, 0],
      [back(GOAL.height), y2, GOAL.height],
      [back(GOAL.height), y1, GOAL.height],
    ],
    [
      [x, y1, GOAL.height],
      [x, y2, GOAL.height],
      [back(GOAL.height), y2, GOAL.height],
      [back(GOAL.height), y1, GOAL.height],
    ],
    ...[y1, y2].map((y): Point3[] => [
      [x, y, 0],
      [back(0), y, 0],
      [back(GOAL.height), y, GOAL.height],
      [x, y, GOAL.height],
    ]),
  ];
  for (const face of veil) canvas.fill(camera.polygon(face), rgb('#e6eaea'), 0.13);
  const steps = 10;
  for (let step = 0; step <= steps; step++) {
    const y = y1 + ((y2 - y1) * step) / steps;
    strokeLine(
      canvas,
      camera,
      [
        [back(0), y, 0],
        [back(GOAL.height), y, GOAL.height],
        [x, y, GOAL.height],
      ],
      net,
    );
  }
  for (let step = 0; step <= 4; step++) {
    const above = (GOAL.height * step) / 4;
    strokeLine(
      canvas,
      camera,
      [
        [x, y1, above],
        [back(above), y1, above],
        [back(above), y2, above],
        [x, y2, above],
      ],
      net,
    );
  }
  for (const y of [y1, y2]) {
    for (const share of [0.33, 0.66]) {
      const along = x + behind * GOAL.deep * share;
      strokeLine(
        canvas,
        camera,
        [
          [along, y, 0],
          [along, y, GOAL.height * (share < 0.5 ? 1 : 0.8)],
        ],
        net,
      );
    }
  }
  const post = { colour: rgb('#f8f9fa'), width: 0.13, thinnest: 1.3 };
  strokeLine(
    canvas,
    camera,
    [
      [x, y1, 0],
      [x, y1, GOAL.height],
      [x, y2, GOAL.height],
      [x, y2, 0],
    ],
    post,
  );
}

export const CORNERS: readonly Point3[] = [
  [0, 0, 0],
  [0, PITCH_WIDTH, 0],
  [PITCH_LENGTH, 0, 0],
  [PITCH_LENGTH, PITCH_WIDTH, 0],
];

/** A corner flag in the wind. Its cloth is larger than the Laws ask, so that a small picture shows it. */
export function drawCornerFlag(canvas: Canvas, camera: Camera, corner: Point3, colour: Rgb, seconds: number): void {
  const foot = camera.project(corner);
  const top = camera.project([corner[0], corner[1], 1.6]);
  if (foot === undefined || top === undefined) return;
  const pole = { colour: rgb('#f4f0dc'), width: 0.06, thinnest: 1.3 };
  strokeLine(canvas, camera, [corner, [corner[0], corner[1], 1.6]], pole);
  const metre = top.unitsPerMetre;
  const wave = (share: number): number => 0.07 * metre * share * Math.sin(9 * seconds - 4 * share + corner[1]);
  const width = 0.52 * metre;
  const cloth = 0.42 * metre;
  canvas.fill(
    [
      ...[top.x, top.y, top.x + 0.5 * width, top.y + wave(0.5), top.x + width, top.y + 0.1 * cloth + wave(1)],
      ...[
        top.x + width,
        top.y + 0.9 * cloth + wave(1),
        top.x + 0.5 * width,
        top.y + cloth + wave(0.5),
        top.x,
        top.y + cloth,
      ],
    ],
    colour,
  );
}
