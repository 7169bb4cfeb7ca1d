import { FRAME_HEIGHT, FRAME_WIDTH } from './camera.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';

/** Shots without anything to label: what fills much of a broadcast and costs an annotator time for nothing. */

const FAN_COLOURS = ['#c4252f', '#2649b5', '#dcdcdc', '#3d4048', '#e3c63a', '#7a5a43', '#8f959e', '#22262e'] as const;
const FACES = ['#e8b998', '#c98d63', '#8a5a3c'] as const;

const background = (fill: string): string => `<rect width="${FRAME_WIDTH}" height="${FRAME_HEIGHT}" fill="${fill}"/>`;

const rect = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" fill="${fill}"/>`;

const circle = (x: number, y: number, radius: number, fill: string): string =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}" fill="${fill}"/>`;

/** Spectators, from far (dots) to near (heads and shoulders), swaying. */
export function crowdShot(random: Random): Scene {
  const size = random.between(6, 17);
  const fans: { x: number; y: number; shirt: string; face: string; phase: number }[] = [];
  for (let y = -size; y < FRAME_HEIGHT + 3 * size; y += 1.9 * size) {
    for (let x = -size * random.next(); x < FRAME_WIDTH + size; x += 2.1 * size) {
      if (random.next() < 0.9) {
        fans.push({
          x: x + random.between(-0.3, 0.3) * size,
          y: y + random.between(-0.3, 0.3) * size,
          shirt: random.pick(FAN_COLOURS),
          face: random.pick(FACES),
          phase: random.between(0, 2 * Math.PI),
        });
      }
    }
  }
  return {
    draw: (seconds) => ({
      svg:
        background('#2b2d33') +
        fans
          .map((fan) => {
            const y = fan.y + 0.18 * size * Math.sin(4 * seconds + fan.phase);
            return (
              rect(fan.x - 0.75 * size, y, 1.5 * size, 1.7 * size, fan.shirt) +
              circle(fan.x, y - 0.4 * size, 0.45 * size, fan.face)
            );
          })
          .join(''),
      truth: [],
    }),
  };
}

/** Which of the segments (top, upper right, lower right, bottom, lower left, upper left, middle) each digit lights. */
const SEGMENTS = [
  '1111110',
  '0110000',
  '1101101',
  '1111001',
  '0110011',
  '1011011',
  '1011111',
  '1110000',
  '1111111',
  '1111011',
];

function digit(value: number, x: number, y: number, size: number, fill: string): string {
  const thick = size * 0.18;
  const bars: [number, number, number, number][] = [
    [0, 0, size, thick],
    [size - thick, 0, thick, size],
    [size - thick, size, thick, size],
    [0, 2 * size - thick, size, thick],
    [0, size, thick, size],
    [0, 0, thick, size],
    [0, size - thick / 2, size, thick],
  ];
  const lit = SEGMENTS[value] ?? '';
  return bars
    .filter((_, index) => lit[index] === '1')
    .map(([dx, dy, width, height]) => rect(x + dx, y + dy, width, height, fill))
    .join('');
}

/** The score over the whole screen, in digits made of bars: fonts differ between machines. */
export function scoreboardShot(random: Random): Scene {
  const goals = [Math.floor(random.next() * 5), Math.floor(random.next() * 5)] as const;
  const minute = Math.floor(random.between(10, 90));
  return {
    draw: (seconds) => {
      const slide = Math.min(1, seconds / 0.6);
      const shift = (1 - slide) * 200;
      const second = Math.floor(seconds + 20);
      const rows = [0, 1, 2, 3].map((row) => {
        const y = 252 + row * 22;
        const share = [0.62, 0.48, 0.7, 0.35][row] ?? 0.5;
        return (
          rect(150, y, 340 * share * slide, 10, '#d3222e') +
          rect(150 + 340 * share * slide, y, 340 * (1 - share) * slide, 10, '#2447c8')
        );
      });
      return {
        svg:
          background('#10182e') +
          rect(0, 0, FRAME_WIDTH, 40, '#1a2546') +
          rect(90 - shift, 80, 190, 120, '#c92f35') +
          rect(360 + shift, 80, 190, 120, '#2650b8') +
          digit(goals[0], 160 - shift, 100, 40, '#f6f6f6') +
          digit(goals[1], 432 + shift, 100, 40, '#f6f6f6') +
          digit(Math.floor(minute / 10), 284, 215, 11, '#f0da27') +
          digit(minute % 10, 300, 215, 11, '#f0da27') +
          digit(Math.floor(second / 10) % 6, 326, 215, 11, '#f0da27') +
          digit(second % 10, 342, 215, 11, '#f0da27') +
          rows.join(''),
        truth: [],
      };
    },
  };
}

/** Blades of grass and a piece of a line, from very near. */
export function grassShot(random: Random): Scene {
  const blades = Array.from({ length: 380 }, () => ({
    x: random.between(-20, FRAME_WIDTH + 20),
    y: random.between(20, FRAME_HEIGHT + 30),
    length: random.between(14, 40),
    lean: random.between(-8, 8),
    colour: random.pick(['#3f8a38', '#57a64c', '#357a31', '#68b45a']),
    phase: random.between(0, 6),
  })).sort((a, b) => a.y - b.y);
  const lineX = random.between(80, 420);
  return {
    draw: (seconds) => ({
      svg:
        background('#3c7f37') +
        `<path d="M${lineX} 0L${lineX + 40} 0L${lineX + 130} 360L${lineX + 20} 360Z" fill="#dfe8dd"/>` +
        blades
          .map((blade) => {
            const tip = blade.x + blade.lean + 3 * Math.sin(2 * seconds + blade.phase);
            return `<path d="M${(blade.x - 2).toFixed(1)} ${blade.y.toFixed(1)}L${tip.toFixed(1)} ${(blade.y - blade.length).toFixed(1)}L${(blade.x + 2).toFixed(1)} ${blade.y.toFixed(1)}Z" fill="${blade.colour}"/>`;
          })
          .join(''),
      truth: [],
    }),
  };
}

/** A presenter at a desk before a coloured wall. */
export function studioShot(random: Random): Scene {
  const x = random.between(220, 420);
  const panels = Array.from({ length: 6 }, () => random.pick(['#31456f', '#3d5488', '#27375c', '#54698f']));
  return {
    draw: (seconds) => {
      const nod = 3 * Math.sin(2.2 * seconds);
      return {
        svg:
          background('#2a3a60') +
          panels.map((fill, index) => rect(index * 110 - 10, 20, 100, 190, fill)).join('') +
          rect(x - 62, 150 + nod / 3, 124, 140, '#4a4e57') +
          rect(x - 12, 150 + nod / 3, 24, 70, '#ececec') +
          rect(x - 4, 155 + nod / 3, 8, 55, '#b32630') +
          circle(x, 112 + nod, 36, '#2a1d14') +
          circle(x, 118 + nod, 32, '#e8b998') +
          rect(0, 270, FRAME_WIDTH, 90, '#c9ced8') +
          rect(0, 270, FRAME_WIDTH, 8, '#f2f4f8'),
        truth: [],
      };
    },
  };
}

export function blackShot(): Scene {
  return { draw: () => ({ svg: background('#000000'), truth: [] }) };
}
