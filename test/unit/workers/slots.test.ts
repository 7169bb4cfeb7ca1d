import { expect, it } from 'vitest';
import { videosAtATime } from '../../../src/workers/slots.js';

it('works on half as many videos as there are cores, 2 to 16', () => {
  expect([1, 2, 4, 8, 16, 32, 64].map(videosAtATime)).toEqual([2, 2, 2, 4, 8, 16, 16]);
});
