import { describe, expect, it } from 'vitest';
import { parsePythonLiteral } from '../../../src/detector/python-literal.js';

// Expected values: what Python's ast.literal_eval gives.
describe('what an exporter writes with repr is read as Python reads it', () => {
  it('names with both kinds of quotes', () => {
    expect(parsePythonLiteral(`{0: 'circle', 1: "driver's square", 2: 'a "b" c'}`)).toEqual(
      new Map<number, string>([
        [0, 'circle'],
        [1, "driver's square"],
        [2, 'a "b" c'],
      ]),
    );
  });

  it('arguments with None, True, False and numbers', () => {
    const text = "{'data': None, 'batch': 1, 'fraction': 1.0, 'nms': True, 'dynamic': False, 'x': -2e-3}";
    expect(parsePythonLiteral(text)).toEqual(
      new Map<string, unknown>([
        ['data', null],
        ['batch', 1],
        ['fraction', 1],
        ['nms', true],
        ['dynamic', false],
        ['x', -0.002],
      ]),
    );
  });

  it.each([
    ['[256, 448]', [256, 448]],
    ['(1, 2,)', [1, 2]],
    ['[]', []],
    ['True', true],
    [String.raw`'caf\xe9 \u00fc \'x\' \\'`, "café ü 'x' \\"],
    ["{'a': [{'b': ()}]}", new Map([['a', [new Map([['b', []]])]]])],
  ])('%s', (text, value) => expect(parsePythonLiteral(text)).toEqual(value));

  it.each(['', '{0: }', '[1, 2', "'open", '{1 2}', 'nan', '[1] 2', 'true', "{'a': foo()}", String.raw`'\xzz'`])(
    'refuses %j',
    (text) => expect(() => parsePythonLiteral(text)).toThrow(SyntaxError),
  );
});
