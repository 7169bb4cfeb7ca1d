import { CANVAS_WIDTH } from './canvas.js';
import { mix, rgb, shade, WHITE, type Rgb } from './colour.js';
import { CLOTHES, FACES, sampleCrowd, type Stadium } from './ground.js';
import type { Random } from './random.js';
import type { Scene } from './scene.js';
import { capsule, ellipse, rectangle, textWidth, write } from './shapes.js';

/** Shots without anything to label: what fills much of a broadcast and costs an annotator time for nothing. */

/** A stand from far, with a slow pan. */
export function farCrowdScene(random: Random, { crowd }: Stadium): Scene {
  const zoom = random.between(1.2, 2.6);
  const start = { x: random.between(0, 1000), y: random.between(0, 90) };
  const pan = random.next() < 0.4 ? 0 : random.between(-9, 9);
  return {
    draw: (canvas, seconds) => {
      canvas.clear([0, 0, 0]);
      const { pixels, widthPixels, heightPixels, scale } = canvas;
      const step = 1 / (zoom * scale);
      for (let row = 0; row < heightPixels; row++) {
        // Rows of people jump a little, each in its own time.
        const jump = 0.7 * Math.sin(5 * seconds + Math.floor((row * step) / 8) * 2.4);
        for (let column = 0; column < widthPixels; column++) {
          const at = (row * widthPixels + column) * 3;
          sampleCrowd(crowd, start.x + pan * seconds + column * step, start.y + row * step + jump, pixels, at);
        }
      }
    },
  };
}

/** Spectators from near: heads, shoulders, arms, scarves. People, but nobody to label. */
export function nearCrowdScene(random: Random, { match }: Stadium): Scene {
  const size = random.between(26, 62);
  const fans: Fan[] = [];
  for (let y = 0.6 * size; y < 360 + 2 * size; y += 1.5 * size) {
    for (let x = -size * random.next(); x < CANVAS_WIDTH + size; x += 1.7 * size) {
      fans.push({
        x: x + random.between(-0.2, 0.2) * size,
        y: y + random.between(-0.15, 0.15) * size,
        shirt: random.next() < 0.5 ? match.teams[random.next() < 0.8 ? 0 : 1].shirt : random.pick(CLOTHES),
        scarf: random.next() < 0.3 ? match.teams[0].trim : undefined,
        face: random.pick(FACES),
        hair: random.pick([rgb('#2a1d14'), rgb('#161616'), rgb('#6b4423'), rgb('#8a8a8a')]),
        arms: random.next() < 0.3,
        phase: random.between(0, 2 * Math.PI),
        tempo: random.between(1.5, 5),
      });
    }
  }
  const light = 0.35 + 0.6 * match.stand.brightness;
  return {
    draw: (canvas, seconds) => {
      canvas.clear(shade(match.stand.seats, 0.45 * light));
      // The rows behind lie in the shade of the roof.
      for (const fan of fans) drawFan(canvas, fan, size, seconds, light * Math.min(1.1, 0.55 + fan.y / 650));
    },
  };
}

interface Fan {
  x: number;
  y: number;
  shirt: Rgb;
  scarf: Rgb | undefined;
  face: Rgb;
  hair: Rgb;
  arms: boolean;
  phase: number;
  tempo: number;
}

function drawFan(canvas: Parameters<Scene['draw']>[0], fan: Fan, size: number, seconds: number, light: number): void {
  const { x } = fan;
  const y = fan.y + 0.09 * size * Math.sin(fan.tempo * seconds + fan.phase);
  const face = shade(fan.face, light);
  const shirt = shade(fan.shirt, light);
  if (fan.arms) {
    const raise = 0.15 * size * Math.sin(fan.tempo * seconds + fan.phase + 1);
    for (const side of [-1, 1]) {
      const elbow = { x: x + side * 0.85 * size, y: y + 0.1 * size };
      canvas.fill(capsule(x + side * 0.6 * size, y + 0.75 * size, elbow.x, elbow.y, 0.16 * size, 0.13 * size), shirt);
      canvas.fill(capsule(elbow.x, elbow.y, elbow.x - side * 0.1 * size, y - 0.75 * size + raise, 0.11 * size), face);
    }
  }
  canvas.fill(capsule(x - 0.42 * size, y + 0.85 * size, x + 0.42 * size, y + 0.85 * size, 0.3 * size), shirt);
  canvas.fill(rectangle(x - 0.68 * size, y + 0.85 * size, 1.36 * size, 1.4 * size), shirt);
  canvas.fill(rectangle(x - 0.14 * size, y + 0.3 * size, 0.28 * size, 0.35 * size), shade(face, 0.8));
  canvas.fill(ellipse(x, y - 0.06 * size, 0.4 * size, 0.46 * size, 18), shade(fan.hair, light));
  canvas.fill(ellipse(x, y + 0.07 * size, 0.34 * size, 0.4 * size, 18), face);
  for (const side of [-1, 1]) {
    canvas.fill(ellipse(x + side * 0.13 * size, y, 0.045 * size, 0.03 * size, 6), rgb('#20180f'));
  }
  canvas.fill(ellipse(x, y + 0.25 * size, 0.1 * size, 0.05 * size, 8), rgb('#7a2f2a'));
  if (fan.scarf !== undefined) {
    canvas.fill(rectangle(x - 0.45 * size, y + 0.52 * size, 0.9 * size, 0.2 * size), shade(fan.scarf, light));
  }
}

/** A presenter at a desk before screens; nothing but the head moves. */
export function studioScene(random: Random): Scene {
  const x = random.between(220, 420);
  const wall = random.pick([rgb('#2a3a60'), rgb('#4a2a4e'), rgb('#1f4a52'), rgb('#54391f')]);
  const suit = random.pick([rgb('#3a3e48'), rgb('#26304c'), rgb('#6a2430'), rgb('#d8d4cc')]);
  const tie = random.pick([rgb('#b32630'), rgb('#2a5ab0'), rgb('#d0a030')]);
  const face = random.pick(FACES);
  const hair = random.pick([rgb('#2a1d14'), rgb('#6b4423'), rgb('#9a9a9a')]);
  const panels = Array.from({ length: 6 }, () => random.between(0.8, 1.5));
  const caption = random.pick(['STUDIO', 'HALF TIME', 'ANALYSIS', 'NEWS']);
  return {
    draw: (canvas, seconds) => {
      canvas.clear(wall);
      const { height } = canvas;
      panels.forEach((light, index) => canvas.fill(rectangle(index * 110 - 10, 20, 100, 190), shade(wall, light)));
      const nod = 3 * Math.sin(1.9 * seconds);
      const hand = 14 * Math.sin(1.3 * seconds);
      canvas.fill(capsule(x - 40, 178, x + 40, 178, 28), suit);
      canvas.fill(rectangle(x - 68, 178, 136, 130), suit);
      canvas.fill([x - 22, 150, x + 22, 150, x, 235], rgb('#ececec'));
      canvas.fill([x - 6, 158, x + 6, 158, x + 4, 225, x - 4, 225], tie);
      canvas.fill(rectangle(x - 12, 130 + nod / 2, 24, 28), shade(face, 0.8));
      canvas.fill(ellipse(x, 98 + nod, 34, 40, 24), hair);
      canvas.fill(ellipse(x, 106 + nod, 29, 36, 24), face);
      for (const side of [-1, 1]) canvas.fill(ellipse(x + side * 11, 100 + nod, 4, 2.5, 8), rgb('#20180f'));
      canvas.fill(ellipse(x, 124 + nod, 9, 2 + Math.abs(2.5 * Math.sin(9 * seconds)), 10), rgb('#7a2f2a'));
      canvas.fill(capsule(x + 62, 190, x + 84, 246, 15, 12), shade(suit, 0.9));
      canvas.fill(capsule(x + 84, 246, x + 44, 250 - hand, 11, 9), shade(suit, 0.95));
      canvas.fill(ellipse(x + 40, 250 - hand, 10, 9, 12), face);
      canvas.fill(rectangle(0, 270, CANVAS_WIDTH, height - 270), rgb('#c9ced8'));
      canvas.fill(rectangle(0, 270, CANVAS_WIDTH, 8), rgb('#f2f4f8'));
      canvas.fill(rectangle(40, 296, 260, 34), rgb('#10182e'));
      write(canvas, caption, 52, 304, 4, WHITE);
    },
  };
}

/** Score and statistics over the whole picture: slides in, then stands still. */
export function scoreboardScene(random: Random, { match }: Stadium): Scene {
  const goals = [0, 1].map(() => String(Math.floor(random.next() * 5)));
  const rows = ['SHOTS', 'PASSES', 'CORNERS', 'FOULS'].map((name) => ({ name, share: random.between(0.25, 0.75) }));
  const ground = random.pick([rgb('#10182e'), rgb('#1a1a1f'), rgb('#0f2a24')]);
  const [home, away] = match.teams;
  return {
    draw: (canvas, seconds) => {
      canvas.clear(ground);
      const slide = Math.min(1, seconds / 0.8);
      const shift = (1 - slide) * 240;
      canvas.fill(rectangle(0, 0, CANVAS_WIDTH, 40), shade(ground, 1.6));
      write(canvas, 'FULL TIME', 250, 12, 4, WHITE);
      [home, away].forEach((kit, side) => {
        const x = side === 0 ? 90 - shift : 370 + shift;
        canvas.fill(rectangle(x, 66, 180, 96), kit.shirt);
        canvas.fill(rectangle(x, 150, 180, 12), kit.trim);
        canvas.fill(rectangle(x + 62, 76, 56, 66), rgb('#14161c'));
        write(canvas, goals[side] ?? '', x + 75, 84, 10, WHITE);
      });
      rows.forEach(({ name, share }, row) => {
        const y = 196 + row * 36;
        write(canvas, name, 320 - textWidth(name) * 1.25, y, 2.5, rgb('#c8ccd6'));
        canvas.fill(rectangle(130, y + 16, 380 * share * slide, 8), home.shirt);
        canvas.fill(rectangle(130 + 380 * share * slide, y + 16, 380 * (1 - share) * slide, 8), away.shirt);
      });
    },
  };
}

/** A still card of an advertiser. */
export function advertScene(random: Random): Scene {
  const name = random.pick(['KORVA', 'NILO-3', 'BRAVUM', 'TESK', 'OLIVA 7', 'HEXA', 'ZUMBEL', 'PAXI']);
  const ground = random.pick([rgb('#1d3f8a'), rgb('#c22533'), rgb('#f0c020'), rgb('#14161c'), rgb('#eef0f2')]);
  const dark = ground[0] + ground[1] + ground[2] < 380;
  const blobs = Array.from({ length: 5 }, () => ({
    ...{ x: random.between(0, 640), y: random.between(0, 360), radius: random.between(30, 120) },
    colour: mix(ground, dark ? WHITE : rgb('#101010'), random.between(0.05, 0.25)),
  }));
  const dot = random.between(10, 16);
  return {
    draw: (canvas) => {
      canvas.clear(ground);
      for (const { x, y, radius, colour } of blobs) canvas.fill(ellipse(x, y, radius, radius, 32), colour);
      write(canvas, name, 320 - (textWidth(name) * dot) / 2, 140, dot, dark ? WHITE : rgb('#14161c'));
      write(canvas, 'THE OFFICIAL PARTNER', 202, 260, 3, dark ? rgb('#c8ccd6') : rgb('#3a3c44'));
    },
  };
}

/** Blades of grass and a piece of a line, from very near. */
export function grassScene(random: Random, { match }: Stadium): Scene {
  const { colour } = match.grass;
  const blades = Array.from({ length: 420 }, () => ({
    x: random.between(-20, 660),
    y: random.between(20, 400),
    length: random.between(14, 44),
    lean: random.between(-8, 8),
    colour: shade(colour, random.between(0.7, 1.35)),
    phase: random.between(0, 6),
  })).sort((a, b) => a.y - b.y);
  const lineX = random.between(80, 420);
  return {
    draw: (canvas, seconds) => {
      canvas.clear(shade(colour, 0.8));
      canvas.fill([lineX, 0, lineX + 40, 0, lineX + 130, 400, lineX + 20, 400], shade(rgb('#dfe8dd'), 0.95));
      for (const { x, y, length, lean, colour: green, phase } of blades) {
        canvas.fill([x - 2, y, x + lean + 2 * Math.sin(2 * seconds + phase), y - length, x + 2, y], green);
      }
    },
  };
}

/** The stadium from outside under the sky; clouds drift, or floodlights shine. */
export function stadiumScene(random: Random, { match }: Stadium): Scene {
  const night = match.league === 'floodlit';
  const sky = match.stand.sky;
  const clouds = Array.from({ length: 7 }, () => ({
    ...{ x: random.between(-100, 700), y: random.between(20, 150) },
    width: random.between(50, 130),
  }));
  const trees = Array.from({ length: 26 }, () => ({ x: random.between(0, 640), size: random.between(10, 30) }));
  const wall = shade(rgb('#a8a49c'), night ? 0.35 : 1);
  return {
    draw: (canvas, seconds) => {
      const { height } = canvas;
      canvas.clear(sky);
      for (let band = 0; band < 12; band++) {
        canvas.fill(rectangle(0, band * 22, 640, 22.5), mix(sky, night ? rgb('#1c2438') : rgb('#e8eef4'), band / 12));
      }
      for (const { x, y, width } of clouds) {
        const cloud = night ? rgb('#1a2030') : WHITE;
        canvas.fill(ellipse(x + 3 * seconds, y, width, width * 0.2, 24), cloud, 0.45);
        canvas.fill(ellipse(x + 3 * seconds + width * 0.3, y - width * 0.1, width * 0.5, width * 0.2, 24), cloud, 0.45);
      }
      canvas.fill(ellipse(320, 250, 260, 92, 48), wall);
      canvas.fill(ellipse(320, 226, 250, 60, 48), shade(wall, 0.75));
      canvas.fill(ellipse(320, 226, 225, 46, 48), night ? rgb('#cfe0c8') : shade(match.stand.seats, 0.8));
      for (let column = 0; column < 21; column++) {
        const x = 75 + column * 24.5;
        canvas.fill(rectangle(x - 2, 226, 4, 110), shade(wall, 0.6));
      }
      for (const x of [70, 200, 440, 570]) {
        canvas.fill(rectangle(x - 2, 110, 4, 140), shade(wall, 0.55));
        canvas.fill(rectangle(x - 20, 92, 40, 20), night ? rgb('#fdfdf2') : rgb('#c8ccd2'));
        if (night) for (const glow of [26, 44, 70]) canvas.fill(ellipse(x, 102, glow, glow, 32), WHITE, 0.13);
      }
      canvas.fill(rectangle(0, 306, 640, height - 306), night ? rgb('#14181a') : rgb('#6a7a5a'));
      for (const { x, size } of trees) {
        canvas.fill(ellipse(x, 312 - size * 0.5, size * 0.7, size, 12), night ? rgb('#0c1410') : rgb('#3f6a3a'));
      }
    },
  };
}

export const blackScene = (): Scene => ({ draw: (canvas) => canvas.clear([0, 0, 0]) });
