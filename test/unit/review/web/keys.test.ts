import { describe, expect, test } from 'vitest';
import { keyName } from '../../../../src/review/web/model/keys.js';

const press = (
  key: string,
  code: string,
  held: { ctrlKey?: true; metaKey?: true; altKey?: true; shiftKey?: true } = {},
) => keyName({ ...{ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }, ...held });

describe('the name of a key press', () => {
  test.each([
    { what: 'a letter', name: press('f', 'KeyF'), expected: 'f' },
    { what: 'with Shift', name: press('U', 'KeyU', { shiftKey: true }), expected: 'shift+u' },
    { what: 'with ⌘', name: press('z', 'KeyZ', { metaKey: true, shiftKey: true }), expected: 'ctrl+shift+z' },
    { what: 'a sign that needs Shift', name: press('?', 'Minus', { shiftKey: true }), expected: '?' },
    { what: 'a named key', name: press('ArrowLeft', 'ArrowLeft', { altKey: true }), expected: 'alt+arrowleft' },
    // Where a Latin keyboard lies differently, the letter on the key counts.
    { what: 'on a French keyboard', name: press('a', 'KeyQ'), expected: 'a' },
    { what: 'a German letter', name: press('ü', 'BracketLeft'), expected: 'ü' },
    // On the others, the place of the key.
    { what: 'Russian', name: press('а', 'KeyF'), expected: 'f' },
    { what: 'Russian with Shift', name: press('Г', 'KeyU', { shiftKey: true }), expected: 'shift+u' },
    { what: 'Russian with Ctrl', name: press('я', 'KeyZ', { ctrlKey: true }), expected: 'ctrl+z' },
    { what: 'a Russian letter where the point is', name: press('ю', 'Period'), expected: '.' },
    { what: 'Greek', name: press('ν', 'KeyN'), expected: 'n' },
    { what: 'Hebrew', name: press('ב', 'KeyC'), expected: 'c' },
    { what: 'an Arabic digit', name: press('٣', 'Digit3'), expected: '3' },
    { what: 'Korean', name: press('ㄹ', 'KeyF'), expected: 'f' },
  ])('$what', ({ name, expected }) => {
    expect(name).toBe(expected);
  });
});
