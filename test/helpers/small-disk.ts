import { execa } from 'execa';
import { mkdir, mkdtemp, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const mount = (folder: string, size: string) =>
  execa('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { reject: false });

/** Why no disk can be mounted here; undefined where it can. */
export async function whyNoDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mount-'));
  try {
    const { failed, stderr } = await mount(folder, '64k');
    if (failed) return stderr || 'there is no program `mount`';
    await execa('umount', [folder]);
    return undefined;
  } finally {
    await rmdir(folder);
  }
}

/** A disk of a few hundred kilobytes in memory, which can be filled to the last byte. */
export class SmallDisk {
  private constructor(private readonly folder: string) {}

  static async mount(folder: string, size: string): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true });
    const { failed, stderr } = await mount(folder, size);
    if (failed) throw new Error(stderr);
    return new SmallDisk(folder);
  }

  /** Leaves so many bytes free. */
  async fill(leave = 0): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    await writeFile(path.join(this.folder, 'filler'), Buffer.alloc(bavail * bsize - leave));
  }

  async makeRoom(): Promise<void> {
    await rm(path.join(this.folder, 'filler'));
  }

  async unmount(): Promise<void> {
    await execa('umount', ['--lazy', this.folder]);
  }
}
