/**
 * Part of `npm run build`: bundles the workflows once for workers with a key for encryption and once for those without,
 * so that a worker starts without doing it.
 */
import { bundleWorkflowCode } from '@temporalio/worker';
import { writeFileAtomic } from '../common/files.js';
import { failureConverterPath } from '../encryption/index.js';
import { prebuiltBundles, workflowsPath } from './workflow-source.js';

const silent = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error: (message: string) => process.stderr.write(`${message}\n`),
  log() {},
};

for (const [file, options] of [
  [prebuiltBundles.plain, {}],
  [prebuiltBundles.encrypted, { failureConverterPath }],
] as const) {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: silent, ...options });
  await writeFileAtomic(file, code);
}
