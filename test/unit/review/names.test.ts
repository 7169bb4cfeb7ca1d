import { describe, expect, test } from 'vitest';
import { compareNames, safeFileName, withoutExtension } from '../../../src/review/server/file-names.js';
import { Addresses } from '../../../src/review/server/access/addresses.js';

describe('names of uploaded files', () => {
  test.each([
    ['a.jpg', 'a.jpg'],
    ['/home/x/a b.JPEG', 'a b.JPEG'],
    ['a/..b/c.png', 'c.png'],
    ['C:\\temp\\é世.webp', 'é世.webp'],
    [`${'x'.repeat(196)}.jpg`, `${'x'.repeat(196)}.jpg`],
  ])('%s becomes %s', (sent, name) => {
    expect(safeFileName(sent)).toBe(name);
  });

  test.each([
    '',
    '.',
    '..',
    'a/',
    '.jpg',
    'jpg',
    'a.svg',
    '../../evil.png',
    'C:\\temp\\..\\evil.png',
    'a.jpg\0.txt',
    'a\n.jpg',
    '\ud800.jpg',
    'a\u202eb.jpg',
    `${'é'.repeat(99)}.jpg`,
  ])('%j is refused', (sent) => {
    expect(() => safeFileName(sent)).toThrow(expect.objectContaining({ status: 400 }) as Error);
  });

  test('are ordered by code point, also beyond the first 65,536', () => {
    // The order in which CVAT 2.23.1 put these names; the last is U+1F600, which UTF-16 sorts before U+FF5E.
    const ordered = ['B.JPG', 'a_10.jpg', 'a_2.jpg', 'b 2.jpg', 'c.jpeg', 'é世.jpg', '\uff5e.jpg', '\u{1f600}.jpg'];
    expect([...ordered].reverse().sort(compareNames)).toEqual(ordered);
  });

  test('lose only their last extension', () => {
    expect(withoutExtension('a.b.jpg')).toBe('a.b');
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.0.0.1:8080', true],
  ['LOCALHOST:1', true],
  ['[::1]:8080', true],
  [undefined, false],
  ['', false],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['127.0.0.1@evil.example', false],
  ['127.0.0.1:80:80', false],
  ['0.0.0.0:8080', false],
])('the host name %s means this machine: %s', (host, loopback) => {
  expect(new Addresses().admits(host)).toBe(loopback);
});

test('names that the server was told it is reached by are admitted too, and no others', () => {
  const addresses = new Addresses(['Desk.example', '192.168.1.5', 'fd00::1']);
  const admitted = ['desk.example', 'DESK.EXAMPLE:8080', '192.168.1.5:1', '[fd00::1]:80', 'localhost'];
  expect(admitted.filter((host) => !addresses.admits(host))).toEqual([]);
  const refused = ['example', 'a.desk.example', 'desk.example.evil', '192.168.1.50', 'fd00::1'];
  expect(refused.filter((host) => addresses.admits(host))).toEqual([]);
  expect(addresses.admitsOrigin('https://desk.example')).toBe(true);
  const origins = ['null', 'ftp://desk.example', 'http://desk.example/x', 'http://x@desk.example', 'http://evil'];
  expect(origins.filter((origin) => addresses.admitsOrigin(origin))).toEqual([]);
});
