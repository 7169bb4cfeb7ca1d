export { parseDuration } from './duration.js';
export {
  cvatEnvironment,
  cvatProjectId,
  loadDotEnv,
  modelPath,
  reviewEnvironment,
  webhookSecret,
  workflowUrl,
} from './environment.js';
export { fileAsOverrides, loadConfig, type LoadedConfig } from './load.js';
export type { ConfigOverrides, StepName } from './schema.js';
