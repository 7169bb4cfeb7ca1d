import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createProgram } from '../../../src/client/program.js';
import { inProject, read } from '../docs/files.js';

it('frameloop --version is the version of the package, of which there are recorded histories', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(createProgram().version()).toBe(version);
  expect(existsSync(inProject(`test/fixtures/histories/${version}`))).toBe(true);
});
