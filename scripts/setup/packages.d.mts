export interface LockEntry {
  version?: string;
  optional?: boolean;
  link?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}
export interface LockFile {
  packages: Record<string, LockEntry>;
}
export interface Platform {
  os: string;
  cpu: string;
  libc?: string;
}
export function missingPackages(
  lock: LockFile,
  installed: LockFile | undefined,
  platform: Platform,
  root: string,
): { required: string[]; optional: string[] };
