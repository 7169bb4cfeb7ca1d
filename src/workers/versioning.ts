import type { WorkerDeploymentOptions } from '@temporalio/worker';
import { PipelineError } from '../common/errors.js';

/** What becomes of rounds that run when a newer version of the worker is made the current one. */
const behaviors = {
  /** They go on with the newer code, which `patched` keeps fit for them. Old workers can be stopped at once. */
  auto_upgrade: 'AUTO_UPGRADE',
  /** They stay with the code they began with: its workers have to run until the last of them has ended. */
  pinned: 'PINNED',
} as const;

/**
 * Worker Versioning, where the environment asks for it with TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID (the
 * names that Temporal's worker controller sets) and, if wanted, FRAMELOOP_VERSIONING.
 *
 * @throws PipelineError TEMPORAL_CONFIG_INVALID
 */
export function deploymentOptions(env: NodeJS.ProcessEnv): WorkerDeploymentOptions | undefined {
  const deploymentName = env.TEMPORAL_DEPLOYMENT_NAME?.trim();
  const buildId = env.TEMPORAL_WORKER_BUILD_ID?.trim();
  if (!deploymentName && !buildId) return undefined;
  if (!deploymentName || !buildId) {
    throw new PipelineError(
      'TEMPORAL_CONFIG_INVALID',
      `${deploymentName ? 'TEMPORAL_WORKER_BUILD_ID' : 'TEMPORAL_DEPLOYMENT_NAME'} is not set, but the other half of the version is.`,
      { hint: 'Set both to have versioned workers, or none.' },
    );
  }
  const wanted = env.FRAMELOOP_VERSIONING?.trim() || 'auto_upgrade';
  if (wanted !== 'auto_upgrade' && wanted !== 'pinned') {
    throw new PipelineError('TEMPORAL_CONFIG_INVALID', `FRAMELOOP_VERSIONING is "${wanted}".`, {
      hint: `It can be ${Object.keys(behaviors).join(' or ')}.`,
    });
  }
  return {
    version: { deploymentName, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: behaviors[wanted],
  };
}
