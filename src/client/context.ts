import { loadConfig, loadDotEnv, type LoadedConfig } from '../config/index.js';

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean;
  verbose?: boolean;
  config?: string;
}

/** The configuration file that was named, if any. */
export function namedConfig(options: CommonOptions): string | undefined {
  return options.config ?? process.env.FRAMELOOP_CONFIG;
}

/** Reads `.env` and the configuration of the working folder. */
export async function readContext(options: CommonOptions): Promise<LoadedConfig> {
  await loadDotEnv(process.cwd(), process.env);
  return loadConfig({ folder: process.cwd(), file: namedConfig(options) });
}
