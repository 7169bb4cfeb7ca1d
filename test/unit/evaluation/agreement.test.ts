import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  bootstrapInterval,
  measureAgreement,
  measureCalibration,
  suggestThresholds,
  type EvaluatedFrame,
} from '../../../src/evaluation/index.js';
import { wilsonInterval } from '../../../src/evaluation/intervals.js';

const labels = ['player', 'ball', 'flag'];
type Box = [number, number, number, number];
interface Source {
  frames: { truth: [string, ...Box][]; detections: [string, number, ...Box][] }[];
  averagePrecision: Record<string, number | null>;
}
interface Reference {
  cases: {
    classes: Record<string, { objects: number; detections: number; hits: number }>;
    calibrationError: number;
    meanAveragePrecision: number;
  }[];
  wilson: [number, number, number, number][];
}
const fixture = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(new URL(`../../fixtures/${name}/reference.json`, import.meta.url), 'utf8')) as T;
const corners = ([x, y, w, h]: Box) => ({ x1: x, y1: y, x2: x + w, y2: y + h });
const toFrame = ({ truth, detections }: Source['frames'][number]): EvaluatedFrame => ({
  truth: truth.map(([label, ...box]) => ({ label, ...corners(box) })),
  detections: detections.map(([label, confidence, ...box]) => ({ label, confidence, ...corners(box) })),
});

describe('on random frames', () => {
  // Expected values by pycocotools, numpy and scipy: see the scripts beside the references.
  it('counts, precision, recall, F1, AP50, mAP50 and calibration agree with other implementations', async () => {
    const sources = await fixture<Source[]>('average-precision');
    const { cases } = await fixture<Reference>('agreement');
    expect(cases).toHaveLength(8);
    cases.forEach((expected, index) => {
      const source = sources[index]!;
      const frames = source.frames.map(toFrame);
      const measured = measureAgreement(frames, labels);
      const total = { objects: 0, detections: 0, hits: 0 };
      for (const { label, ...got } of measured.classes) {
        const counts = expected.classes[label]!;
        expect(got).toMatchObject(counts);
        expect(got.precision).toBeCloseTo(counts.hits / counts.detections, 9);
        expect(got.recall).toBeCloseTo(counts.hits / counts.objects, 9);
        const averagePrecision = source.averagePrecision[label];
        expect(got.averagePrecision).toBeCloseTo(averagePrecision ?? NaN, 9);
        for (const key of ['objects', 'detections', 'hits'] as const) total[key] += counts[key];
      }
      expect(measured).toMatchObject(total);
      // F1 is the harmonic mean of precision and recall.
      const [precision, recall] = [total.hits / total.detections, total.hits / total.objects];
      expect(measured.f1).toBeCloseTo((2 * precision * recall) / (precision + recall), 9);
      expect(measured.averagePrecision).toBeCloseTo(expected.meanAveragePrecision, 9);
      expect(measureCalibration(frames, labels).error).toBeCloseTo(expected.calibrationError, 9);
    });
  });

  it('Wilson intervals agree with scipy', async () => {
    for (const [successes, trials, low, high] of (await fixture<Reference>('agreement')).wilson) {
      expect(wilsonInterval(successes, trials).low).toBeCloseTo(low, 9);
      expect(wilsonInterval(successes, trials).high).toBeCloseTo(high, 9);
    }
  });

  it('every interval holds its own estimate', async () => {
    for (const { frames } of await fixture<Source[]>('average-precision')) {
      const { intervals, ...measured } = measureAgreement(frames.map(toFrame), labels);
      for (const key of ['precision', 'recall', 'f1', 'averagePrecision'] as const) {
        if (Number.isNaN(intervals[key].low)) continue;
        expect(intervals[key].low).toBeLessThanOrEqual(measured[key]);
        expect(intervals[key].high).toBeGreaterThanOrEqual(measured[key]);
      }
    }
  });
});

describe('the bootstrap', () => {
  it('of a mean comes near to 1.96 standard errors on either side', () => {
    // The numbers 0 … 99: mean 49.5, standard deviation 28.9, so the mean is known to 1.96 x 2.89 = 5.7.
    const items = Array.from({ length: 100 }, (_, i) => i);
    const { low, high } = bootstrapInterval(items, (drawn) => drawn.reduce((sum, x) => sum + x, 0) / drawn.length);
    expect(Math.abs(low - (49.5 - 5.7))).toBeLessThan(1.5);
    expect(Math.abs(high - (49.5 + 5.7))).toBeLessThan(1.5);
  });

  it('says nothing of a single frame, nor of one among frames that show nothing', () => {
    expect(bootstrapInterval([1], () => 1)).toEqual({ low: NaN, high: NaN });
    const box = { label: 'ball', x1: 0, y1: 0, x2: 10, y2: 10 };
    const showing = { truth: [box], detections: [{ ...box, confidence: 0.9 }] };
    const nothing = { truth: [], detections: [] };
    const unknown = { low: NaN, high: NaN };
    const { intervals } = measureAgreement([showing, nothing, nothing], labels);
    expect(intervals).toMatchObject({ f1: unknown, averagePrecision: unknown });
    const known = { low: 1, high: 1 };
    expect(measureAgreement([showing, showing, nothing], labels).intervals).toMatchObject({
      f1: known,
      averagePrecision: known,
    });
  });
});

describe('the suggested threshold', () => {
  const at = (x: number) => ({ label: 'player', x1: x, y1: 0, x2: x + 10, y2: 10 });
  const said = (confidence: number, x: number) => ({ ...at(x), confidence });

  it('is where the fewest boxes have to be deleted and added', () => {
    // By hand: objects at 0 and 100; right at 0.9 and 0.6, wrong at 0.5 and 0.4. From 0.6 on nothing has to be changed.
    const frame = { truth: [at(0), at(100)], detections: [said(0.9, 0), said(0.6, 100), said(0.5, 50), said(0.4, 70)] };
    expect(suggestThresholds([frame], ['player'])).toEqual([
      { label: 'player', confidence: 0.6, edits: 0, editsNow: 2 },
    ]);
  });

  it('is the lower one of two that cost the same: deleting is faster than drawing', () => {
    // Without boxes 1 to add; with the false one and the right one, 1 to delete.
    const frame = { truth: [at(0)], detections: [said(0.8, 50), said(0.3, 0)] };
    expect(suggestThresholds([frame], ['player'])).toMatchObject([{ confidence: 0.3, edits: 1 }]);
  });

  it('is to show nothing where every box is wrong', () => {
    const frame = { truth: [], detections: [said(0.8, 50)] };
    expect(suggestThresholds([frame], ['player'])).toMatchObject([{ confidence: 1, edits: 0, editsNow: 1 }]);
  });
});
