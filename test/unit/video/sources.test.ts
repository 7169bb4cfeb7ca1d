import { describe, expect, it } from 'vitest';
import { isList } from '../../../src/video/sources/entry.js';
import { isLocalAddress } from '../../../src/video/sources/site-options.js';
import { siteOf, siteOfUrl } from '../../../src/video/sources/source.js';

describe('the site of a video', () => {
  it('is the same before and after it was asked, by whatever address', () => {
    const listed = siteOf({ videoKey: 'youtube-dQw4w9WgXcQ', url: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ' });
    for (const url of ['https://youtu.be/dQw4w9WgXcQ', 'https://m.youtube.com/@channel', 'https://YouTube.com/x']) {
      expect(siteOfUrl(url)).toBe(listed);
    }
    const url = 'https://www.example.org/match.mp4';
    expect(siteOf({ videoKey: 'url-0123456789ab', url })).toBe('example.org');
    expect(siteOfUrl(url)).toBe('example.org');
    expect(siteOfUrl('https://youtube.com.example.org/')).not.toBe('youtube');
  });
});

describe('the pauses between requests', () => {
  it.each([
    ['http://127.0.0.1:8000/a.mp4', true],
    ['http://localhost/a.mp4', true],
    ['http://[::1]:8000/a.mp4', true],
    ['http://192.168.1.20/a.mp4', true],
    ['http://172.31.0.1/a.mp4', true],
    ['http://172.32.0.1/a.mp4', false],
    ['https://www.youtube.com/watch?v=dQw4w9WgXcQ', false],
    ['https://10.example.org/a.mp4', false],
    ['ytsearch20:a game', false],
  ])('%s is of this machine or network: %s', (target, local) => {
    expect(isLocalAddress(target)).toBe(local);
  });
});

describe('what a list holds', () => {
  it.each([
    [{ ie_key: 'YoutubeTab' }, true], // the tabs of a channel
    [{ ie_key: 'YoutubePlaylist' }, true],
    [{ ie_key: 'VimeoUser' }, true],
    [{ _type: 'playlist', ie_key: 'Generic' }, true],
    [{ ie_key: 'Youtube' }, false],
    [{ ie_key: 'Generic' }, false],
    [{}, false],
  ])('%o is a list itself: %s', (entry, list) => {
    expect(isList(entry)).toBe(list);
  });
});
