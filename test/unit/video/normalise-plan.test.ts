import { describe, expect, it } from 'vitest';
import { planNormalisation } from '../../../src/video/normalise-plan.js';
import { unusableProbe } from '../../../src/video/probe-document.js';

const mp4 = 'mov,mp4,m4a,3gp,3g2,mj2';

describe('what is done to a video before it is used', () => {
  it.each([
    [mp4, 'h264', 'yuv420p', 'none'],
    ['matroska,webm', 'vp9', 'yuv420p', 'none'],
    ['matroska,webm', 'av1', 'yuv420p', 'none'],
    [mp4, 'hevc', 'yuv420p', 'none'],
    ['mpegts', 'h264', 'yuv420p', 'remux'],
    ['flv', 'h264', 'yuv420p', 'remux'],
    ['avi', 'h264', 'yuv420p', 'remux'],
    [mp4, 'hevc', 'yuv420p10le', 'transcode'],
    [mp4, 'h264', 'yuvj420p', 'transcode'],
    [mp4, 'h264', 'yuv444p', 'transcode'],
    ['mpeg', 'mpeg2video', 'yuv420p', 'transcode'],
    ['asf', 'wmv3', 'yuv420p', 'transcode'],
  ])('%s with %s %s: %s', (container, codec, pixelFormat, action) => {
    const { probe, details } = unusableProbe('/v', 'made up for this test');
    expect(planNormalisation({ ...probe, container, codec, pixelFormat }, details)).toBe(action);
  });

  it('interlaced pictures, and reordered frames in .avi, are made anew', () => {
    const { probe, details } = unusableProbe('/v', 'made up for this test');
    const good = { ...probe, container: mp4, codec: 'h264', pixelFormat: 'yuv420p' };
    expect(planNormalisation(good, { ...details, interlaced: true })).toBe('transcode');
    expect(planNormalisation({ ...good, container: 'avi' }, { ...details, reorderFrames: 2 })).toBe('transcode');
    expect(planNormalisation(good, { ...details, reorderFrames: 2 })).toBe('none');
  });
});
