import { describe, expect, it } from 'vitest';
import { createTemporalProbe } from '../../../src/workers/temporal-probe.js';
import { temporalTarget } from '../../../src/workers/target.js';
import { freePort } from '../../helpers/programs.js';

describe('the question whether Temporal answers', () => {
  it('is answered with no where there is no server, each time that it is asked', async () => {
    const probe = createTemporalProbe(temporalTarget({ TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` }), 200);
    try {
      expect([await probe.answers(), await probe.answers()]).toEqual([false, false]);
    } finally {
      await probe.close();
    }
  });
});
