import { describe, expect, it } from 'vitest';
import { parseDataYaml, printDataYaml } from '../../../src/dataset/data-yaml.js';

describe('data.yaml', () => {
  it('names the folders beside it and the classes by their ids', () => {
    expect(printDataYaml(['person', 'ball'], '0123456789ab', { train: 8, val: 2, test: 0 })).toBe(
      [
        '# Frameloop dataset, version 0123456789ab',
        'train: images/train',
        'val: images/val',
        'names:',
        '  0: "person"',
        '  1: "ball"',
        '',
      ].join('\n'),
    );
  });

  it('lends the training frames to val while it has none, and says so', () => {
    const text = printDataYaml(['person'], '0123456789ab', { train: 8, val: 0, test: 3 });
    expect(text).toContain('# There are no validation frames yet');
    expect(text).toContain('\nval: images/train\ntest: images/test\n');
  });

  it('is read again as it was written, odd names included', () => {
    const names = ['person', "driver's: seat", '007', 'yes', '# ball', 'Fußgänger'];
    const text = printDataYaml(names, '0123456789ab', { train: 1, val: 1, test: 0 });
    expect(parseDataYaml(text)).toEqual({
      names,
      version: '0123456789ab',
      folders: { train: 'images/train', val: 'images/val', test: undefined },
    });
  });

  it('quotes the names that Python would take for something else', () => {
    const text = printDataYaml(['yes', 'off', '007', 'null'], '0123456789ab', { train: 1, val: 1, test: 0 });
    expect(text).toContain('  0: "yes"\n  1: "off"\n  2: "007"\n  3: "null"\n');
  });

  it('may hold its names as a list, as people write them', () => {
    expect(parseDataYaml('names: [person, ball]\n').names).toEqual(['person', 'ball']);
  });

  it.each(['', 'train: x', 'names: 3', 'names: {1: person}', 'names: {0: [a]}', 'names: ['])(
    '"%s" is refused',
    (text) => {
      expect(() => parseDataYaml(text)).toThrow(expect.objectContaining({ code: 'DATASET_DAMAGED' }));
    },
  );
});
