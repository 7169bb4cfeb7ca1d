/** One program's entry in tools.json. */
export interface ToolRule {
  minimum: string;
  minimumLibavutil?: string;
  environment: string;
  arguments: string[];
  pattern: string;
}
export interface VersionAnswer {
  version: string;
  recentEnough: boolean;
}
export function isAtLeast(version: string, minimum: string): boolean;
export function readVersion(rule: ToolRule, output: string): VersionAnswer | undefined;
