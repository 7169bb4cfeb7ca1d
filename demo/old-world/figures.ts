import type { PixelBox } from '../../src/common/types.js';

/** What a person on the pitch wears. */
export interface Kit {
  shirt: string;
  shorts: string;
  socks: string;
}

export const KITS = {
  red: { shirt: '#d3222e', shorts: '#f2f2f2', socks: '#d3222e' },
  blue: { shirt: '#2447c8', shorts: '#1b2547', socks: '#e9edf5' },
  referee: { shirt: '#f0da27', shorts: '#17181c', socks: '#17181c' },
} as const satisfies Record<string, Kit>;

export interface Pose {
  /** Where the feet touch the ground, in pixels. */
  x: number;
  y: number;
  /** Body height in pixels. */
  height: number;
  /** Phase of the stride in radians. */
  phase: number;
  /** 0 = standing, 1 = sprinting. */
  effort: number;
  /** 1 runs to the right, -1 to the left. */
  facing: 1 | -1;
  skin: string;
  hair: string;
}

export interface Figure {
  svg: string;
  /** Around everything that is drawn of the body, not cut at the picture's edge. */
  box: PixelBox;
  /** The trunk alone: what surely hides whatever stands behind it. */
  trunk: PixelBox;
}

/** Proportions as shares of the body height, after the eight-heads canon of figure drawing. */
const HIP = 0.47;
const SHOULDER = 0.81;
const HEAD_CENTRE = 0.925;
const HEAD_RADIUS = 0.068;
const LIMB = 0.075;

/** Draws a person from the feet up and says which box it fills. */
export function drawFigure(kit: Kit, pose: Pose): Figure {
  const { height } = pose;
  const box: PixelBox = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
  /** From shares of the body height (x in running direction, y upwards from the feet) to pixels; grows the box. */
  const place = (across: number, above: number, radius: number): string => {
    const x = pose.x + pose.facing * across * height;
    const y = pose.y - above * height;
    const reach = radius * height;
    box.x1 = Math.min(box.x1, x - reach);
    box.y1 = Math.min(box.y1, y - reach);
    box.x2 = Math.max(box.x2, x + reach);
    box.y2 = Math.max(box.y2, y + reach);
    return `${x.toFixed(2)} ${y.toFixed(2)}`;
  };
  const stroke = (points: [number, number][], colour: string, width: number): string =>
    `<path d="M${points.map(([across, above]) => place(across, above, width / 2)).join('L')}" fill="none" ` +
    `stroke="${colour}" stroke-width="${(width * height).toFixed(2)}" stroke-linecap="round"/>`;

  const leg = (phase: number): string => {
    const swing = 0.04 + 0.16 * pose.effort;
    const lift = 0.12 * pose.effort * Math.max(0, Math.cos(phase));
    const foot: [number, number] = [swing * Math.sin(phase), LIMB / 2 + lift];
    const knee: [number, number] = [0.55 * swing * Math.sin(phase) + 0.05 * pose.effort, 0.27 + 0.4 * lift];
    return stroke([[0, HIP], knee], pose.skin, LIMB * 1.15) + stroke([knee, foot], kit.socks, LIMB);
  };
  const arm = (phase: number): string => {
    const swing = 0.05 + 0.13 * pose.effort;
    const elbow: [number, number] = [0.6 * swing * Math.sin(phase), 0.65];
    const hand: [number, number] = [swing * Math.sin(phase) + 0.06 * pose.effort, 0.52 + 0.08 * pose.effort];
    return stroke([[0, SHOULDER - 0.03], elbow], kit.shirt, 0.07) + stroke([elbow, hand], pose.skin, 0.05);
  };
  /** A filled shape through the given points. */
  const filled = (points: [number, number][], colour: string): string =>
    `<path d="M${points.map(([across, above]) => place(across, above, 0)).join('L')}Z" fill="${colour}"/>`;

  const head = place(0.02, HEAD_CENTRE, HEAD_RADIUS).split(' ');
  const radius = (HEAD_RADIUS * height).toFixed(2);
  const hair = place(0.01, HEAD_CENTRE + 0.02, HEAD_RADIUS * 0.9).split(' ');
  const svg = [
    arm(pose.phase + Math.PI),
    leg(pose.phase + Math.PI),
    leg(pose.phase),
    filled(
      [
        [-0.12, HIP + 0.05],
        [0.12, HIP + 0.05],
        [0.13, 0.36],
        [-0.13, 0.36],
      ],
      kit.shorts,
    ),
    filled(
      [
        [-0.13, SHOULDER],
        [-0.07, SHOULDER + 0.03],
        [0.07, SHOULDER + 0.03],
        [0.13, SHOULDER],
        [0.11, 0.49],
        [-0.11, 0.49],
      ],
      kit.shirt,
    ),
    arm(pose.phase),
    `<circle cx="${hair[0]}" cy="${hair[1]}" r="${radius}" fill="${pose.hair}"/>`,
    `<circle cx="${head[0]}" cy="${head[1]}" r="${(HEAD_RADIUS * 0.85 * height).toFixed(2)}" fill="${pose.skin}"/>`,
  ].join('');
  const trunk: PixelBox = {
    x1: pose.x - 0.12 * height,
    y1: pose.y - 0.95 * height,
    x2: pose.x + 0.12 * height,
    y2: pose.y - 0.1 * height,
  };
  return { svg, box, trunk };
}

/** A ball with its box; `radius` in pixels. */
export function drawBall(x: number, y: number, radius: number): Figure {
  const box: PixelBox = { x1: x - radius, y1: y - radius, x2: x + radius, y2: y + radius };
  const circle = (cx: number, cy: number, r: number, fill: string): string =>
    `<circle cx="${cx.toFixed(2)}" cy="${cy.toFixed(2)}" r="${r.toFixed(2)}" fill="${fill}"/>`;
  return { svg: circle(x, y, radius, '#fbfbfb') + circle(x, y, radius * 0.28, '#9a9a9a'), box, trunk: box };
}
