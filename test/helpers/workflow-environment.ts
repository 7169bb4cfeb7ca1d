import { TypedSearchAttributes } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { searchAttributes } from '../../src/workflows/search-attributes.js';
import { freePort, startTemporal } from './programs.js';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

/**
 * A real Temporal development server of the test file's own; it knows our search attributes. Started by us, since the SDK
 * gives one that it starts itself five seconds, which a busy machine may need and more.
 */
export async function createEnvironment(extraArgs: string[] = []): Promise<TestWorkflowEnvironment> {
  const attributes = Object.values(searchAttributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${TypedSearchAttributes.toMetadataType(type)}`,
  ]);
  const port = await freePort();
  const server = await startTemporal(undefined, port, [], [...attributes, ...extraArgs]);
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: `127.0.0.1:${port}` });
  const disconnect = environment.teardown.bind(environment);
  environment.teardown = async () => {
    await disconnect();
    await server.stop();
  };
  return environment;
}

/** The workflows as the worker would load them. */
export async function bundleWorkflows(
  options: { failureConverterPath?: string } = {},
): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
    ...options,
  });
}

/** Task queues and workflow ids that no other test has. */
export const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;
