import type { Camera, Point3 } from './camera.js';
import { cross, dot, unit } from './camera.js';
import { Canvas } from './canvas.js';
import { mix, rgb, shade, type Rgb } from './colour.js';
import type { Match } from './league.js';
import { createRandom } from './random.js';
import { ellipse, rectangle } from './shapes.js';

/** Everything of the stadium that fills the picture, computed for each pixel by the ray that meets it. */

/** The grass reaches this far around the pitch, then come the boards. Metres. */
export const GRASS_AREA = { x1: -5, x2: 110, y1: -5, y2: 73 } as const;

/** Metres up the slope of a stand; above is the roof, then the sky. */
const STAND_HEIGHT = 24;
const ROOF_HEIGHT = 4;

/** A stand as a sloping plane: `origin` on its lower edge, unit vectors along it and up its slope. */
interface Plane {
  origin: Point3;
  along: Point3;
  slope: Point3;
  normal: Point3;
}

const stand = (origin: Point3, along: Point3, slope: Point3): Plane => {
  const upwards = unit(slope);
  return { origin, along, slope: upwards, normal: cross(along, upwards) };
};

const STANDS: readonly Plane[] = [
  stand([0, 76, 1.2], [1, 0, 0], [0, 1, 0.65]),
  stand([-8, 0, 1.2], [0, 1, 0], [-1, 0, 0.65]),
  stand([113, 68, 1.2], [0, -1, 0], [1, 0, 0.65]),
  stand([105, -8, 1.2], [-1, 0, 0], [0, -1, 0.65]),
];

/** Pixels per metre of the crowd's picture, which repeats along a stand. */
const TEXELS = 10;
const CROWD_WIDTH = 1024;
const CROWD_HEIGHT = STAND_HEIGHT * TEXELS;

/** Metres along the optical axis. */
const NEAREST_CROWD = 26;

const NOISE_SIZE = 256;

/** What drawing the ground of a match needs, computed once. */
export interface Stadium {
  match: Match;
  /** RGB, {@link CROWD_WIDTH} x {@link CROWD_HEIGHT}, the lowest row of seats last. */
  crowd: Uint8Array;
  /** Uneven grass: -1..1, repeats every {@link NOISE_SIZE} samples. */
  unevenness: Float32Array;
}

export function createStadium(match: Match): Stadium {
  const random = createRandom(match.seed);
  const canvas = new Canvas(CROWD_WIDTH, CROWD_HEIGHT);
  canvas.clear(shade(match.stand.seats, 0.55));
  const texel = 1 / canvas.scale;
  for (let y = 4; y < CROWD_HEIGHT; y += 8) {
    canvas.fill(rectangle(0, (y + 3) * texel, 640, 3 * texel), shade(match.stand.seats, 0.8));
    for (let x = 0; x < CROWD_WIDTH; x += 5.5) {
      // Aisles and a gangway between the tiers stay free, and so do some seats.
      if (x % 128 < 9 || Math.abs(y - 118) < 6 || random.next() < 0.13) continue;
      const shirt = random.next() < 0.35 ? match.teams[x < CROWD_WIDTH / 2 ? 0 : 1].shirt : random.pick(CLOTHES);
      const at = { x: (x + random.between(-1, 1)) * texel, y: (y + random.between(-1, 1)) * texel };
      canvas.fill(ellipse(at.x, at.y + 2.5 * texel, 2.4 * texel, 3 * texel, 8), shade(shirt, random.between(0.6, 1)));
      canvas.fill(ellipse(at.x, at.y - 1.6 * texel, 1.5 * texel, 1.8 * texel, 8), random.pick(FACES));
    }
  }
  if (match.league === 'floodlit') {
    // Telephones.
    for (let light = 0; light < 90; light++) {
      canvas.fill(ellipse(random.between(0, 640), random.between(0, 140), texel, texel, 6), rgb('#ffffff'));
    }
  }
  const crowd = canvas.pixels.map((value) => value * match.stand.brightness);
  return { match, crowd, unevenness: createUnevenness(match.seed) };
}

export const CLOTHES = (
  [
    '#c4252f',
    '#2649b5',
    '#dcdcdc',
    '#3d4048',
    '#e3c63a',
    '#7a5a43',
    '#8f959e',
    '#22262e',
    '#5a7a4a',
    '#b06a8a',
  ] as const
).map(rgb) as unknown as readonly [Rgb, ...Rgb[]];
export const FACES = (['#e8b998', '#c98d63', '#8a5a3c', '#f0c9a8'] as const).map(rgb) as unknown as readonly [
  Rgb,
  ...Rgb[],
];

/** Value noise of two sizes: patches of about two metres, and blades. */
function createUnevenness(seed: number): Float32Array {
  const random = createRandom(seed ^ 0x6a5);
  const coarseSize = 32;
  const coarse = Float32Array.from({ length: coarseSize * coarseSize }, () => random.between(-1, 1));
  const at = (x: number, y: number): number => coarse[(y % coarseSize) * coarseSize + (x % coarseSize)] as number;
  return Float32Array.from({ length: NOISE_SIZE * NOISE_SIZE }, (_, index) => {
    const x = ((index % NOISE_SIZE) * coarseSize) / NOISE_SIZE;
    const y = (Math.floor(index / NOISE_SIZE) * coarseSize) / NOISE_SIZE;
    const [left, top, shareX, shareY] = [Math.floor(x), Math.floor(y), x % 1, y % 1];
    const upper = at(left, top) * (1 - shareX) + at(left + 1, top) * shareX;
    const lower = at(left, top + 1) * (1 - shareX) + at(left + 1, top + 1) * shareX;
    return 0.45 * (upper * (1 - shareY) + lower * shareY) + 0.55 * random.between(-1, 1);
  });
}

/** Paints grass, stands, roof and sky over the whole canvas. */
export function paintSurroundings(canvas: Canvas, camera: Camera, stadium: Stadium): void {
  const { widthPixels, heightPixels, scale } = canvas;
  const { forward, right, up, focalLength, position } = camera;
  const stepX = right.map((value) => value / scale) as unknown as Point3;
  for (let row = 0; row < heightPixels; row++) {
    const below = (row + 0.5) / scale - camera.centre.y;
    const across = 0.5 / scale - camera.centre.x;
    const ray: Point3 = [0, 1, 2].map(
      (axis) =>
        (forward[axis] as number) * focalLength - (up[axis] as number) * below + (right[axis] as number) * across,
    ) as unknown as Point3;
    let [from, to] = [0, 0];
    if (ray[2] < -1e-6) {
      // The camera does not roll, so the whole row meets the ground at the same depth.
      const far = -position[2] / ray[2];
      const groundX = position[0] + far * ray[0];
      const groundY = position[1] + far * ray[1];
      const ends = columnsInside(groundX, groundY, far * stepX[0], far * stepX[1], widthPixels);
      [from, to] = ends;
      if (to > from) {
        const nearness = Math.min(1, (focalLength * scale) / (far * focalLength) / 22);
        paintGrass(canvas, stadium, row, from, to, [groundX, groundY, far * stepX[0], far * stepX[1]], nearness);
      }
    }
    paintStands(canvas, camera, stadium, row, 0, from, ray, stepX);
    paintStands(canvas, camera, stadium, row, Math.max(from, to), widthPixels, ray, stepX);
  }
}

/** The columns of a row whose ray meets the grass: the area is convex, so they are neighbours. */
function columnsInside(x: number, y: number, dx: number, dy: number, width: number): [number, number] {
  let [from, to] = [0, width];
  const limit = (start: number, step: number, low: number, high: number): void => {
    if (Math.abs(step) < 1e-9) {
      if (start < low || start > high) to = 0;
      return;
    }
    const [a, b] = [(low - start) / step, (high - start) / step];
    from = Math.max(from, Math.ceil(Math.min(a, b)));
    to = Math.min(to, Math.floor(Math.max(a, b)) + 1);
  };
  limit(x, dx, GRASS_AREA.x1, GRASS_AREA.x2);
  limit(y, dy, GRASS_AREA.y1, GRASS_AREA.y2);
  return to > from ? [from, to] : [0, 0];
}

function paintGrass(
  canvas: Canvas,
  { match, unevenness }: Stadium,
  row: number,
  from: number,
  to: number,
  [startX, startY, stepX, stepY]: [number, number, number, number],
  nearness: number,
): void {
  const { pixels } = canvas;
  const { stripes, contrast, colour } = match.grass;
  const [red, green, blue] = colour;
  const shadedFrom = match.shadedFrom ?? Infinity;
  const roughness = 0.035 + 0.075 * nearness;
  for (let column = from; column < to; column++) {
    const x = startX + stepX * column;
    const y = startY + stepY * column;
    let stripe: number;
    if (stripes === 'across') stripe = Math.floor((x + 105) / 5.25);
    else if (stripes === 'along') stripe = Math.floor((y + 68) / 5.67);
    else if (stripes === 'rings') stripe = Math.floor(Math.hypot(x - 52.5, y - 34) / 6);
    else stripe = Math.floor((x + 105) / 5.25) + Math.floor((y + 68) / 5.67);
    const blade = ((((y + 64) * 15) & 255) << 8) | (((x + 64) * 15) & 255);
    const patch = ((((y + 64) * 7) & 255) << 8) | (((x + 64) * 7) & 255);
    const uneven = (unevenness[blade] as number) + 0.6 * (unevenness[patch] as number);
    let light = 1 + (stripe & 1 ? contrast : -contrast) + roughness * uneven;
    if (y > shadedFrom) light *= 0.66;
    const at = (row * canvas.widthPixels + column) * 3;
    pixels[at] = Math.min(255, red * light);
    pixels[at + 1] = Math.min(255, green * light);
    pixels[at + 2] = Math.min(255, blue * light);
  }
}

function paintStands(
  canvas: Canvas,
  camera: Camera,
  { match, crowd }: Stadium,
  row: number,
  from: number,
  to: number,
  ray: Point3,
  stepX: Point3,
): void {
  if (to <= from) return;
  const { pixels, widthPixels } = canvas;
  // A camera that stands in or under a stand does not see it.
  const planes = STANDS.map(({ origin, along, slope, normal }) => {
    const offset: Point3 = [
      origin[0] - camera.position[0],
      origin[1] - camera.position[1],
      origin[2] - camera.position[2],
    ];
    return {
      reach: dot(normal, offset),
      ...{ normalStart: dot(normal, ray), normalStep: dot(normal, stepX) },
      ...{ alongStart: dot(along, ray), alongStep: dot(along, stepX), alongOffset: dot(along, offset) },
      ...{ slopeStart: dot(slope, ray), slopeStep: dot(slope, stepX), slopeOffset: dot(slope, offset) },
    };
  }).filter(({ reach }) => reach < 0);
  const { sky } = match.stand;
  const wall = shade([88, 92, 100], match.stand.brightness);
  const roof = mix([60, 63, 70], sky, 0.25);
  for (let column = from; column < to; column++) {
    let nearest = Infinity;
    let hit: (typeof planes)[number] | undefined;
    for (const plane of planes) {
      const distance = plane.reach / (plane.normalStart + plane.normalStep * column);
      if (distance > 0 && distance < nearest) {
        nearest = distance;
        hit = plane;
      }
    }
    const at = (row * widthPixels + column) * 3;
    let colour: Rgb = sky;
    if (hit !== undefined) {
      const height = nearest * (hit.slopeStart + hit.slopeStep * column) - hit.slopeOffset;
      // The seats just before the camera would fill the picture with blurred heads: they are empty steps.
      if (height < 0 || nearest * camera.focalLength < NEAREST_CROWD) {
        colour = wall;
      } else if (height < STAND_HEIGHT - 0.2) {
        const along = nearest * (hit.alongStart + hit.alongStep * column) - hit.alongOffset;
        sampleCrowd(crowd, along * TEXELS, CROWD_HEIGHT - 1 - height * TEXELS, pixels, at);
        continue;
      } else if (height < STAND_HEIGHT + ROOF_HEIGHT) {
        colour = roof;
      }
    }
    pixels[at] = colour[0];
    pixels[at + 1] = colour[1];
    pixels[at + 2] = colour[2];
  }
}

/** Bilinear, repeating to the sides. */
export function sampleCrowd(crowd: Uint8Array, u: number, v: number, pixels: Uint8Array, at: number): void {
  const left = Math.floor(u);
  const top = Math.min(CROWD_HEIGHT - 2, Math.max(0, Math.floor(v)));
  const shareX = u - left;
  const shareY = Math.min(1, Math.max(0, v - top));
  const column = left & (CROWD_WIDTH - 1);
  const a = (top * CROWD_WIDTH + column) * 3;
  const b = (top * CROWD_WIDTH + ((column + 1) & (CROWD_WIDTH - 1))) * 3;
  const below = CROWD_WIDTH * 3;
  for (let channel = 0; channel < 3; channel++) {
    const upper = (crowd[a + channel] as number) * (1 - shareX) + (crowd[b + channel] as number) * shareX;
    const lower =
      (crowd[a + below + channel] as number) * (1 - shareX) + (crowd[b + below + channel] as number) * shareX;
    pixels[at + channel] = upper * (1 - shareY) + lower * shareY;
  }
}
