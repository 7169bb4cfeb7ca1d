import type { ToolRule, VersionAnswer } from './versions.mjs';

export type Memory = Record<string, { mtimeMs: number; size: number; askedAt: number; answer?: VersionAnswer }>;
export function executableName(tool: string): string;
export function isExecutable(file: string): boolean;
export function findProgram(
  tool: string,
  rule: ToolRule,
  options: { environment: NodeJS.ProcessEnv; own: string; remembered: Memory },
): Promise<{ path: string; version: string } | undefined>;
export function askVersion(file: string, rule: ToolRule, remembered?: Memory): Promise<VersionAnswer | undefined>;
