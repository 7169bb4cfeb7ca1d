export { parseDuration } from './duration.js';
export { cvatEnvironment, cvatProjectId, loadDotEnv, modelPath, type CvatEnvironment } from './environment.js';
export { loadConfig, mergeOverrides, type LoadedConfig } from './load.js';
export type { ConfigOverrides, StepName } from './schema.js';
