import { defineConfig } from 'vitest/config';

/** Real servers and real programs need longer than vitest's defaults; a hang still ends. */
const slow = { testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'workflow', include: ['test/workflow/**/*.test.ts'], ...slow } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...slow } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...slow } },
      { test: { name: 'fault', include: ['test/fault/**/*.test.ts'], ...slow } },
    ],
  },
});
