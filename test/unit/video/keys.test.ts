import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { normaliseUrl, videoKeyOfFile, videoKeyOfSite, videoKeyOfUrl } from '../../../src/video/keys.js';

describe('keys of videos', () => {
  it.each([
    ['HTTP://Example.ORG/A.mp4', 'http://example.org/A.mp4'],
    ['https://example.org:443/a.mp4#t=10', 'https://example.org/a.mp4'],
    ['http://example.org:8080/a.mp4', 'http://example.org:8080/a.mp4'],
    ['https://example.org/a?b=2&a=1&b=1', 'https://example.org/a?a=1&b=2&b=1'],
    [' https://example.org ', 'https://example.org/'],
  ])('%s is the same address as %s', (url, normalised) => {
    expect(normaliseUrl(url)).toBe(normalised);
    expect(videoKeyOfUrl(url)).toBe(videoKeyOfUrl(normalised));
  });

  it('an address becomes 12 digits of the SHA-256 of its normal form', () => {
    // printf %s https://example.org/a.mp4 | sha256sum
    const digest = createHash('sha256').update('https://example.org/a.mp4').digest('hex');
    expect(videoKeyOfUrl('https://EXAMPLE.org:443/a.mp4')).toBe(`url-${digest.slice(0, 12)}`);
  });

  it('a file is known by its content, whatever its name', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'frameloop-keys-'));
    try {
      await writeFile(path.join(folder, 'a.mp4'), 'abc');
      // SHA-256 of "abc" as FIPS 180-2 gives it: ba7816bf 8f01cfea …
      expect(await videoKeyOfFile(path.join(folder, 'a.mp4'))).toBe('file-ba7816bf8f01');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('ids of sites stay readable, unless they cannot be part of a file name', () => {
    expect(videoKeyOfSite('Youtube', 'dQw4w9WgXc_-')).toBe('youtube-dQw4w9WgXc_-');
    expect(videoKeyOfSite('BBC:news', 'x1')).toBe('bbc-news-x1');
    expect(videoKeyOfSite('Site', '../../etc/passwd')).toMatch(/^site-[0-9a-f]{12}$/);
  });
});
