import type { SetupError } from './diagnose.mjs';

export function findPython(neededFor: string[], environment: NodeJS.ProcessEnv): Promise<string[]>;
export function noPython(seen: { name: string; version: string; complete: boolean }[], neededFor: string[]): SetupError;
