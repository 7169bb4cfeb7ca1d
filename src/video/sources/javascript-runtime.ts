import { access } from 'node:fs/promises';
import path from 'node:path';
import { venvBinFolder } from '../../tools/index.js';

/** yt-dlp runs the player code of YouTube in Node.js from this version on (2026; it refuses older ones itself). */
const oldestNode = 22;

/**
 * yt-dlp's options for the JavaScript runtime that YouTube needs: the deno that set-up installs beside yt-dlp, else the
 * one on PATH, which yt-dlp finds itself; and Node.js, ours where it is new enough, else the one on PATH.
 *
 * @param ytDlp path of the yt-dlp program
 */
export async function javascriptRuntimes(ytDlp: string): Promise<string[]> {
  const runtimes: string[] = [];
  const executable = process.platform === 'win32' ? 'deno.exe' : 'deno';
  for (const folder of new Set([path.dirname(ytDlp), venvBinFolder()])) {
    const deno = path.join(folder, executable);
    if (runtimes.length === 0 && (await exists(deno))) runtimes.push(`deno:${deno}`);
  }
  const ours = Number(process.versions.node.split('.', 1)[0]) >= oldestNode;
  runtimes.push(ours ? `node:${process.execPath}` : 'node');
  return runtimes.flatMap((runtime) => ['--js-runtimes', runtime]);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
