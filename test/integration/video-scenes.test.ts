import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeVideo, sampleFrames, type SampleOptions } from '../../src/video/index.js';
import { ffmpeg, h264, temporaryFolder } from './video-clips.js';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => ({ folder, remove } = await temporaryFolder()));
afterAll(() => remove());

const at = (name: string): string => path.join(folder, name);
const encoding = [...h264, '-g', '250', '-bf', '2'];

/** Moving pictures that have nothing in common. */
const sources = {
  clock: 'testsrc=size=320x180:rate=25',
  fractal: 'mandelbrot=size=320x180:rate=25',
  squares: 'testsrc2=size=320x180:rate=25',
};

/** Makes a clip of shots of `seconds` each, joined by a filter graph over `[0] [1] [2]`. */
async function clip(name: string, seconds: number, graph: string): Promise<string> {
  const inputs = Object.values(sources).flatMap((source) => ['-f', 'lavfi', '-t', String(seconds), '-i', source]);
  await ffmpeg(...inputs, '-filter_complex', graph, '-map', '[out]', ...encoding, at(name));
  return at(name);
}

async function sceneTimes(file: string, options: Partial<SampleOptions> = {}): Promise<number[]> {
  const times: number[] = [];
  const target = { videoKey: path.parse(file).name, outputFolder: at('frames'), everySeconds: 1 };
  for await (const step of sampleFrames(await probeVideo(file), { ...target, sampling: 'scene', ...options })) {
    if (!('rejected' in step)) times.push(step.frame.ptsSeconds);
  }
  return times;
}

/** In which shot of this length a time lies. */
const shotOf = (seconds: number) => (time: number) => Math.floor(time / seconds);

describe('one frame of each shot (expected: how the clips were made)', () => {
  it('hard cuts', async () => {
    const file = await clip('cuts.mp4', 4, '[0][1][2]concat=n=3,format=yuv420p[out]');
    expect((await sceneTimes(file)).map(shotOf(4))).toEqual([0, 1, 2]);
  });

  it('fades through black: no black frame is taken', async () => {
    const fades = [0, 1, 2].map((n) => `[${n}]fade=in:d=0.8,fade=out:st=3.2:d=0.8[f${n}]`).join(';');
    const file = await clip('fades.mp4', 4, `${fades};[f0][f1][f2]concat=n=3,format=yuv420p[out]`);
    const times = await sceneTimes(file);
    expect(times.map(shotOf(4))).toEqual([0, 1, 2]);
    // Amid the shot, where the picture has its full contrast.
    for (const time of times) expect(Math.abs((time % 4) - 2)).toBeLessThanOrEqual(1.3);
  });

  it('dissolves', async () => {
    const format = [0, 1, 2].map((n) => `[${n}]format=yuv420p,settb=1/25[f${n}]`).join(';');
    const graph = `${format};[f0][f1]xfade=duration=0.8:offset=3.2[a];[a][f2]xfade=duration=0.8:offset=6.4[out]`;
    const times = await sceneTimes(await clip('dissolves.mp4', 4, graph));
    expect(times).toHaveLength(3);
    expect(times[0]).toBeLessThan(3.6);
    expect(times[1]).toBeGreaterThan(3.6);
    expect(times[1]).toBeLessThan(6.8);
    expect(times[2]).toBeGreaterThan(6.8);
  });

  it('a shot that is blurred but for a moment gives the sharp moment', async () => {
    const graph = "[0]gblur=sigma=1.5:enable='not(between(t,2,2.4))',format=yuv420p[out];[1]nullsink;[2]nullsink";
    const times = await sceneTimes(await clip('blur.mp4', 4, graph));
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(2);
    expect(times[0]).toBeLessThanOrEqual(2.4);
  });

  it('a threshold above every change makes one shot of hard cuts', async () => {
    expect(await sceneTimes(at('cuts.mp4'), { sceneThreshold: 255 })).toHaveLength(1);
  });

  it('parts that are skipped, a limit, and going on after an interruption', async () => {
    expect((await sceneTimes(at('cuts.mp4'), { skipStartSeconds: 4, skipEndSeconds: 4 })).map(shotOf(4))).toEqual([1]);
    const whole = await sceneTimes(at('cuts.mp4'));
    const first = await sceneTimes(at('cuts.mp4'), { maxFrames: 1 });
    expect([...first, ...(await sceneTimes(at('cuts.mp4'), { afterSeconds: first[0] }))]).toEqual(whole);
  });
});
