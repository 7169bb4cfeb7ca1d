export function listFiles(folder: string): string[];
export function hashFiles(root: string, files: string[]): string;
export function fileSizes(folder: string): Record<string, number>;
export function staleOutputs(previousSources: string[], sources: string[]): string[];
