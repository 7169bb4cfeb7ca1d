import { describe, expect, it } from 'vitest';
import { deploymentOptions } from '../../../src/workers/versioning.js';

const version = { TEMPORAL_DEPLOYMENT_NAME: 'frameloop', TEMPORAL_WORKER_BUILD_ID: '0.3.0' };

describe('worker versioning', () => {
  it('is off unless the environment asks for it', () => {
    expect(deploymentOptions({ FRAMELOOP_VERSIONING: 'pinned' })).toBeUndefined();
  });

  it('lets rounds go on with newer code, since they may wait for weeks; or keeps them where they are', () => {
    const options = { version: { deploymentName: 'frameloop', buildId: '0.3.0' }, useWorkerVersioning: true };
    expect(deploymentOptions(version)).toEqual({ ...options, defaultVersioningBehavior: 'AUTO_UPGRADE' });
    expect(deploymentOptions({ ...version, FRAMELOOP_VERSIONING: 'pinned' })).toEqual({
      ...options,
      defaultVersioningBehavior: 'PINNED',
    });
  });

  it.each([
    [{ TEMPORAL_DEPLOYMENT_NAME: 'frameloop' }, 'TEMPORAL_WORKER_BUILD_ID is not set'],
    [{ TEMPORAL_WORKER_BUILD_ID: '0.3.0' }, 'TEMPORAL_DEPLOYMENT_NAME is not set'],
    [{ ...version, FRAMELOOP_VERSIONING: 'sometimes' }, 'FRAMELOOP_VERSIONING is "sometimes"'],
  ])('refuses %o', (env, message) => {
    expect(() => deploymentOptions(env)).toThrow(message);
  });
});
