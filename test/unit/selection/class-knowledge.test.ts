import { describe, expect, it } from 'vitest';
import { learnClasses } from '../../../src/selection/class-knowledge.js';

const box = (label: string, x: number) => ({ label, x1: x, y1: 0, x2: x + 10, y2: 10 });
const said = (label: string, x: number) => ({ ...box(label, x), confidence: 0.9 });

describe('what corrections tell of the classes', () => {
  // 8 players, all found; 2 balls, none found and two false ones.
  const frame = {
    truth: [...Array.from({ length: 8 }, (_, i) => box('player', 20 * i)), box('ball', 300), box('ball', 330)],
    detections: [...Array.from({ length: 8 }, (_, i) => said('player', 20 * i)), said('ball', 400), said('ball', 430)],
  };
  const classes = learnClasses([frame]);

  it('is the difficulty of PPAL, with F1 for the quality', () => {
    // By hand. player: q = (2 * 8 + 1) / (8 + 8 + 2) = 17/18; 0.3 ln(1 + (e^(1/0.3) - 1) / 18) = 0.3 ln(1 + 27.0316 / 18)
    expect(classes.difficulty('player')).toBeCloseTo(0.3 * Math.log(1 + 27.031625 / 18), 6);
    // ball: q = (0 + 1) / (2 + 2 + 2) = 1/6
    expect(classes.difficulty('ball')).toBeCloseTo(0.3 * Math.log(1 + (27.031625 * 5) / 6), 6);
    // unknown: q = 1/2
    expect(classes.difficulty('goal')).toBeCloseTo(0.3 * Math.log(1 + 27.031625 / 2), 6);
  });

  it('is how rare a class is against the most frequent one', () => {
    expect(classes.rarity('player')).toBe(0);
    expect(classes.rarity('ball')).toBe(1 - 2 / 8);
    expect(classes.rarity('goal')).toBe(1);
  });

  it('is nothing without corrections', () => {
    expect(learnClasses([]).difficulty('player')).toBe(0);
    expect(learnClasses([]).rarity('player')).toBe(0);
  });
});
