import { accessSync, constants } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { PipelineError } from '../common/errors.js';

const megabyte = 1024 * 1024;
/** Less than this, ordinary video of 4K and the JavaScript runtime of yt-dlp do not run in. */
const leastMemoryMegabytes = 1024;

/** What programs find in their environment, where we have it: who and where they are, languages, places for caches. */
const always = [
  ...['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
  ...['XDG_CACHE_HOME', 'DENO_DIR'],
  // Windows starts hardly anything without these.
  ...['SystemRoot', 'SYSTEMROOT', 'WINDIR', 'COMSPEC', 'PATHEXT', 'TMP', 'TEMP', 'Path', 'USERPROFILE', 'APPDATA'],
  ...['LOCALAPPDATA'],
];
/** For those that go to the network: its proxies, and whom to trust there. */
const forNetwork = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'DENO_CERT'],
];

/**
 * The whole environment for an external program. It is a list of what may go in, so none of our secrets does, nor any
 * that the user's environment has besides.
 */
export function programEnvironment(
  { network = false }: { network?: boolean } = {},
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  return Object.fromEntries(
    (network ? [...always, ...forNetwork] : always).flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/**
 * Memory that one external program may take, in bytes: `FRAMELOOP_PROGRAM_MEMORY_MB`, by default half of what this
 * machine or container has, and 1 GiB at least. A file that makes a decoder ask for more ends that decoder, not us.
 *
 * @throws PipelineError CONFIG_INVALID
 */
export function programMemory(environment: NodeJS.ProcessEnv = process.env): number {
  const given = environment.FRAMELOOP_PROGRAM_MEMORY_MB;
  if (!given) {
    const container = process.constrainedMemory();
    const memory = container > 0 ? Math.min(container, totalmem()) : totalmem();
    return Math.max(Math.floor(memory / 2), leastMemoryMegabytes * megabyte);
  }
  const megabytes = Number(given);
  if (Number.isInteger(megabytes) && megabytes > 0) return megabytes * megabyte;
  throw new PipelineError('CONFIG_INVALID', `FRAMELOOP_PROGRAM_MEMORY_MB is "${given}", which is no number of MB.`, {
    hint: 'Write a whole number, as in 4096, or leave it out: half of the memory then.',
  });
}

/**
 * The command that starts a program with a limit on its memory: what to give to execa. Node.js cannot set limits for a
 * child, but `prlimit` of util-linux sets them and becomes the program, with the same process id. Where it is not
 * (macOS, Windows), nothing limits the memory.
 */
export function confine(file: string, programArguments: readonly string[]): [file: string, arguments: string[]] {
  prlimit ??= findPrlimit();
  if (prlimit === '') return [file, [...programArguments]];
  // --data: memory that the program can write to, which unlike its address space is what it really uses.
  return [prlimit, [`--data=${programMemory()}`, '--core=0', '--', file, ...programArguments]];
}

/** Looked for once; empty where there is none. */
let prlimit: string | undefined;

function findPrlimit(): string {
  if (process.platform !== 'linux') return '';
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/bin'].filter((folder) => folder !== '');
  const found = folders
    .map((folder) => path.join(folder, 'prlimit'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        // Not in this folder.
        return false;
      }
    });
  return found ?? '';
}
