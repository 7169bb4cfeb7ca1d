import { defineConfig } from 'vitest/config';

/** Real servers and real programs need longer than vitest's defaults; a hang still ends. */
const slow = { testTimeout: 300_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    // Most of their time tests wait for programs of their own: two files at once keep two cores busy.
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'workflow', include: ['test/workflow/**/*.test.ts'], ...slow } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...slow } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...slow } },
      // Faults freeze and kill what they find: one file at a time, when the others are through. In a file, where some
      // wait for a silence to be noticed, others work.
      {
        test: {
          ...{ name: 'fault', include: ['test/fault/**/*.test.ts'], ...slow },
          ...{ fileParallelism: false, maxConcurrency: 8 },
        },
      },
    ],
  },
});
