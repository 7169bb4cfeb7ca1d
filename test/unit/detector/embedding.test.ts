import { describe, expect, it } from 'vitest';
import { embedPicture } from '../../../src/detector/embedding.js';
import type { RgbImage } from '../../../src/detector/types.js';

type Colour = [red: number, green: number, blue: number];

function draw(width: number, height: number, colour: (x: number, y: number) => Colour): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(colour(x / width, y / height), (y * width + x) * 3);
  }
  return { width, height, data };
}

const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - b[i]!));

const pitch = (x: number, y: number): Colour =>
  Math.hypot(x - 0.3, y - 0.6) < 0.1 ? [240, 240, 240] : [40, 130 - 40 * y, 50];
const stripes = (x: number): Colour => (Math.floor(x * 10) % 2 === 0 ? [200, 60, 60] : [20, 20, 90]);

describe('the embedding of a picture', () => {
  it('is 112 numbers of length 1', () => {
    const embedding = embedPicture(draw(320, 180, pitch));
    expect(embedding).toHaveLength(112);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 3);
  });

  it('hardly changes with the size of the picture or a little light, and much with the scene', () => {
    const pitchOf = (width: number, height: number, light = 1) =>
      embedPicture(draw(width, height, (x, y) => pitch(x, y).map((value) => value * light) as Colour));
    const base = pitchOf(640, 360);
    expect(distance(base, pitchOf(1280, 720))).toBeLessThan(0.05);
    expect(distance(base, pitchOf(640, 360, 0.95))).toBeLessThan(0.1);
    expect(distance(base, embedPicture(draw(640, 360, stripes)))).toBeGreaterThan(0.5);
  });

  it('tells edges that stand from edges that lie', () => {
    const standing = embedPicture(draw(64, 64, (x) => (x < 0.6 ? [0, 0, 0] : [255, 255, 255])));
    const lying = embedPicture(draw(64, 64, (_x, y) => (y < 0.6 ? [0, 0, 0] : [255, 255, 255])));
    // By hand: regions 2 of each row of 4 hold the edge; direction 0 is a gradient to the right, 2 one downwards.
    const edge = (embedding: number[], region: number) => embedding.slice(48 + region * 4, 48 + region * 4 + 4);
    expect(edge(standing, 2)[0]).toBeGreaterThan(0.1);
    expect(edge(standing, 2).slice(1)).toEqual([0, 0, 0]);
    expect(edge(lying, 8)[2]).toBeGreaterThan(0.1);
    expect(edge(lying, 8)[0]).toBe(0);
  });

  it('exists for a picture of one colour and of one pixel', () => {
    expect(Math.hypot(...embedPicture(draw(1, 1, () => [9, 9, 9])))).toBeCloseTo(1, 3);
  });
});
