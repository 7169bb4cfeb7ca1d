import type { DataConverter } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export const workflowsPath = beside('../workflows');

/** As the build leaves them; run from their sources, workers bundle for themselves. */
export const prebuiltBundles = {
  plain: beside('../workflow-bundle.js'),
  /** Whose errors are payloads, for the codec to encrypt. */
  encrypted: beside('../workflow-bundle.encrypted.js'),
};

/** The workflows, with the failure converter that goes with this data converter. */
export function workflowSource({
  failureConverterPath,
}: DataConverter): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = failureConverterPath === undefined ? prebuiltBundles.plain : prebuiltBundles.encrypted;
  return existsSync(codePath) ? { workflowBundle: { codePath } } : { workflowsPath };
}
