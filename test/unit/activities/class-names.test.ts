import { describe, expect, it } from 'vitest';
import { requireKnownClasses } from '../../../src/activities/class-names.js';
import { loadConfig } from '../../../src/config/index.js';
import { projectRoot } from '../../../src/tools/index.js';

describe('a class of the configuration that the model has not', () => {
  it.each([
    ['detector.classes', { detector: { classes: ['bal'] } }],
    ['cvat.labels', { cvat: { labels: { bal: 'football' } } }],
    ['cvat.thresholds', { cvat: { thresholds: { bal: 0.5 } } }],
    ['selection.per_class', { selection: { per_class: { bal: 0.2 } } }],
  ])('in %s is told, with those that it has', async (key, overrides) => {
    const config = await loadConfig({ folder: projectRoot(), overrides });
    expect(() => requireKnownClasses(config, ['ball', 'bal'])).not.toThrow();
    expect(() => requireKnownClasses(config, ['ball', 'player'])).toThrow(
      expect.objectContaining({
        code: 'CLASS_UNKNOWN',
        message: expect.stringContaining(`${key} names "bal"`) as string,
        hint: 'It knows: ball, player.',
      }) as Error,
    );
  });
});
