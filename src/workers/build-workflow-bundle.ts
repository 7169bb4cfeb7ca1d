/** Part of `npm run build`: bundles the workflows once, so that a worker starts without doing it. */
import { bundleWorkflowCode } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../common/files.js';

const silent = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error: (message: string) => process.stderr.write(`${message}\n`),
  log() {},
};

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows', import.meta.url)),
  logger: silent,
});
await writeFileAtomic(fileURLToPath(new URL('../workflow-bundle.js', import.meta.url)), code);
