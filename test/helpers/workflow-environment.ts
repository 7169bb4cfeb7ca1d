import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { findTool } from '../../src/tools/index.js';
import { searchAttributes } from '../../src/workflows/search-attributes.js';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});

/** A real Temporal development server of the test file's own; it knows our search attributes. */
export async function createEnvironment(extraArgs: string[] = []): Promise<TestWorkflowEnvironment> {
  const { path } = await findTool('temporal');
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      log: { format: 'pretty', level: 'error' },
      searchAttributes: Object.values(searchAttributes),
      extraArgs,
    },
  });
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
