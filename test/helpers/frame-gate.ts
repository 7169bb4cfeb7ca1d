import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findTool } from '../../src/tools/index.js';

/**
 * Stands between a worker and ffmpeg: the worker gets so many pictures of its video and no more until the gate opens. So
 * it is in the middle of the video when something happens to it, on a quick machine and on a slow one.
 */
export class FrameGate {
  private constructor(
    private readonly opened: string,
    /** For the worker: its ffmpeg. */
    readonly env: Record<'FFMPEG_PATH', string>,
  ) {}

  /** In a folder of its own, or of the worker. */
  static async create(folder: string, pictures: number): Promise<FrameGate> {
    const opened = path.join(folder, 'gate-opened');
    const program = path.join(folder, 'gated-ffmpeg.cjs');
    const { path: ffmpeg } = await findTool('ffmpeg');
    await writeFile(program, gatedFfmpeg({ ffmpeg, opened, pictures }), { mode: 0o755 });
    return new FrameGate(opened, { FFMPEG_PATH: program });
  }

  /** For whoever waits at it, and whoever comes later. */
  async open(): Promise<void> {
    await writeFile(this.opened, '');
  }

  /** As it is in the beginning, for whoever comes from now on. */
  async shut(): Promise<void> {
    await rm(this.opened, { force: true });
  }
}

/** A program that is ffmpeg, but hands over raw pictures only up to the gate. It ends with whoever started it. */
function gatedFfmpeg(settings: { ffmpeg: string; opened: string; pictures: number }): string {
  return `#!${process.execPath}
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { ffmpeg, opened, pictures } = ${JSON.stringify(settings)};

const given = process.argv.slice(2);
const [, width, height] = /scale=(\\d+):(\\d+)/.exec(given.join(' ')) ?? [];
const raw = given.includes('rawvideo') && width !== undefined;
const child = spawn(ffmpeg, given, { stdio: ['inherit', raw ? 'pipe' : 'inherit', 'inherit'] });
const parent = process.ppid;
const end = () => {
  child.kill('SIGKILL');
  process.exit(1);
};
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, end);
process.stdout.on('error', end);
child.on('exit', (code) => (process.exitCode = code ?? 1));

async function passOn() {
  let left = pictures * width * height * 3;
  for await (const chunk of child.stdout) {
    const now = chunk.subarray(0, left);
    await write(now);
    left -= now.length;
    while (left === 0 && !existsSync(opened)) {
      if (process.ppid !== parent) end();
      await sleep(20);
    }
    if (left > 0) continue;
    left = Infinity;
    await write(chunk.subarray(now.length));
  }
}
const write = (bytes) => new Promise((resolve) => process.stdout.write(bytes, resolve));
if (raw) void passOn();
`;
}
