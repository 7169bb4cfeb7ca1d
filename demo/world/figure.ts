import type { Canvas } from './canvas.js';
import { shade, type Rgb } from './colour.js';
import type { Kit } from './league.js';
import { capsule, ellipse } from './shapes.js';

export interface Pose {
  /** Where the feet touch the ground, in canvas units. */
  x: number;
  y: number;
  /** Body height in canvas units. */
  height: number;
  /** Phase of the stride in radians. */
  phase: number;
  /** 0 = standing, 1 = sprinting. */
  effort: number;
  /** 1 = runs to the right of the picture, -1 = to the left, 0 = towards the camera or away. */
  side: number;
  /** Whether the face is to be seen (0 and more) or the back (less than 0). */
  facing: number;
  /** A goalkeeper's stance: low, legs apart, arms out. 0..1. */
  ready: number;
  gloves?: Rgb;
  skin: Rgb;
  hair: Rgb;
}

/** Proportions as shares of the body height, after the eight-heads canon of figure drawing. */
const HIP = 0.5;
const KNEE = 0.27;
const SHOULDER = 0.82;
const HEAD = 0.935;

/** Draws a person from the far limbs to the near ones. */
export function drawFigure(canvas: Canvas, kit: Kit, pose: Pose): void {
  const { height, side } = pose;
  const front = Math.sqrt(Math.max(0, 1 - side * side));
  const crouch = 0.07 * pose.ready + 0.03 * pose.effort;
  const lean = 0.07 * pose.effort * side;
  const px = (across: number): number => pose.x + across * height;
  const py = (above: number): number => pose.y - above * height;
  const limb = (x1: number, y1: number, x2: number, y2: number, r1: number, r2: number, colour: Rgb): void =>
    canvas.fill(capsule(px(x1), py(y1), px(x2), py(y2), r1 * height, r2 * height), colour);
  const fill = (points: number[], colour: Rgb): void =>
    canvas.fill(
      points.map((value, index) => (index % 2 === 0 ? px(value) : py(value))),
      colour,
    );
  const hip = HIP - crouch;
  const shoulder = SHOULDER - crouch;
  const head = HEAD - crouch;

  const leg = (phase: number, offset: number, light: number): void => {
    const swing = Math.sin(phase) * (0.05 + 0.2 * pose.effort);
    const lift = pose.effort * Math.max(0, Math.cos(phase));
    const spread = offset * (0.055 * front + 0.015 + 0.1 * pose.ready);
    const knee = { x: spread + side * (swing * 0.6 + 0.06 * lift), y: KNEE - crouch * 0.6 + 0.07 * lift };
    const foot = {
      x: spread * 1.2 + side * (swing - 0.16 * lift * Math.sign(side || 1) * Math.abs(side)),
      y: 0.03 + 0.16 * lift,
    };
    const hipX = offset * (0.05 * front + 0.012);
    limb(hipX, hip, knee.x, knee.y, 0.062, 0.043, shade(pose.skin, light));
    limb(hipX, hip, hipX + 0.62 * (knee.x - hipX), hip + 0.62 * (knee.y - hip), 0.075, 0.068, shade(kit.shorts, light));
    limb(knee.x, knee.y, foot.x, foot.y, 0.042, 0.03, shade(kit.socks, light));
    limb(foot.x, foot.y - 0.008, foot.x + 0.05 * side + 0.015 * offset * front, 0.018 + 0.14 * lift, 0.024, 0.02, BOOT);
  };
  const arm = (phase: number, offset: number, light: number): void => {
    const swing = Math.sin(phase) * (0.05 + 0.15 * pose.effort);
    const out = offset * (0.125 * front + 0.03);
    const elbow = { x: lean + out + side * swing * 0.7 + offset * 0.07 * pose.ready, y: shoulder - 0.15 };
    const hand = {
      x: elbow.x + side * (swing * 0.6 + 0.05 * pose.effort) + offset * (0.02 * front + 0.08 * pose.ready),
      y: shoulder - 0.3 + 0.13 * pose.effort + 0.05 * pose.ready,
    };
    const long = pose.gloves !== undefined;
    limb(elbow.x, elbow.y, hand.x, hand.y, 0.03, 0.024, shade(long ? kit.shirt : pose.skin, light));
    limb(lean + out, shoulder - 0.02, elbow.x, elbow.y, 0.045, 0.037, shade(kit.trim, light * 0.5 + 0.5));
    limb(
      lean + out,
      shoulder - 0.02,
      0.5 * (lean + out + elbow.x),
      shoulder - 0.08,
      0.048,
      0.04,
      shade(kit.shirt, light),
    );
    if (pose.gloves !== undefined) {
      canvas.fill(ellipse(px(hand.x), py(hand.y), 0.035 * height, 0.035 * height, 8), pose.gloves);
    }
  };

  const near = side >= 0 ? 1 : -1;
  arm(pose.phase + Math.PI, -near, 0.72);
  leg(pose.phase + Math.PI, -near, 0.8);
  leg(pose.phase, near, 1);
  const half = 0.085 + 0.055 * front;
  fill(
    [-half * 0.82, hip + 0.07, half * 0.82, hip + 0.07, half * 0.86, hip - 0.04, -half * 0.86, hip - 0.04],
    kit.shorts,
  );
  const trunk = [
    ...[lean - half, shoulder - 0.015, lean - half * 0.55, shoulder + 0.03, lean + half * 0.55, shoulder + 0.03],
    ...[lean + half, shoulder - 0.015, lean * 0.5 + half * 0.86, hip + 0.14, half * 0.84, hip + 0.03],
    ...[-half * 0.84, hip + 0.03, lean * 0.5 - half * 0.86, hip + 0.14],
  ];
  fill(trunk, kit.shirt);
  if (kit.striped === true) {
    for (const at of [-0.62, 0, 0.62]) {
      const x = lean + at * half;
      fill(
        [x - 0.02, shoulder, x + 0.02, shoulder, at * half + 0.02, hip + 0.04, at * half - 0.02, hip + 0.04],
        kit.trim,
      );
    }
  }
  // The side away from the light, and a number on the back or a badge on the chest.
  fill(
    [lean + half * 0.35, shoulder, lean + half, shoulder - 0.02, half * 0.84, hip + 0.03, half * 0.4, hip + 0.03],
    shade(kit.shirt, 0.82),
  );
  if (pose.facing < 0) {
    fill(
      [lean - 0.03, shoulder - 0.05, lean + 0.03, shoulder - 0.05, lean + 0.02, hip + 0.14, lean - 0.02, hip + 0.14],
      kit.trim,
    );
  } else {
    fill([lean - 0.04, shoulder + 0.03, lean + 0.04, shoulder + 0.03, lean, shoulder - 0.02], kit.trim);
  }
  arm(pose.phase, near, 1);
  limb(lean, shoulder, lean * 1.2, head - 0.02, 0.032, 0.03, shade(pose.skin, 0.85));
  const headX = px(lean * 1.4);
  canvas.fill(ellipse(headX, py(head), 0.052 * height, 0.064 * height, 12), pose.facing < 0 ? pose.hair : pose.skin);
  if (pose.facing >= 0) {
    const back = -0.02 * side * height;
    canvas.fill(ellipse(headX + back, py(head + 0.03), 0.053 * height, 0.04 * height, 10), pose.hair);
  }
}

const BOOT: Rgb = [32, 32, 36];
