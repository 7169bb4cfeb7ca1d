import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { messageOf, systemErrorCode } from './errors.js';

export interface RotationOptions {
  /** A file that is larger is put aside. */
  maxBytes?: number;
  /** So many are kept beside it: `<file>.1` is the newest. */
  keep?: number;
  /** Those that have not been written to for so long go. */
  maxAgeDays?: number;
}

/** How often a writer looks whether the file is too large, or another process has put it aside. */
const lookEveryMs = 1_000;

/**
 * A file that lines are added to for months. Several processes may write to it: each line is one write at its end. A line
 * is on the disk when `write` returns. A full disk costs lines, not the process.
 */
export class RotatingFile {
  #descriptor: number;
  #lookAt = 0;
  #failed = false;

  /** @throws what the system says when the file cannot be opened */
  constructor(
    private readonly file: string,
    private readonly options: RotationOptions = {},
  ) {
    this.#descriptor = openSync(file, 'a');
  }

  write(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    try {
      if (Date.now() >= this.#lookAt) this.#look();
      writeSync(this.#descriptor, bytes);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) process.stderr.write(`${this.file} cannot be written to: ${messageOf(error)}\n`);
      this.#failed = true;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #look(): void {
    const { maxBytes = 20 * 1024 ** 2, keep = 5, maxAgeDays = 90 } = this.options;
    this.#lookAt = Date.now() + lookEveryMs;
    const now = statOf(this.file);
    const isOurs = now?.ino === fstatSync(this.#descriptor).ino;
    if (isOurs && now.size < maxBytes) return;
    if (isOurs) {
      for (let number = keep - 1; number >= 0; number--) {
        const from = number === 0 ? this.file : `${this.file}.${number}`;
        if (statOf(from)) renameSync(from, `${this.file}.${number + 1}`);
      }
      for (let number = 1; number <= keep; number++) {
        const aside = `${this.file}.${number}`;
        const stat = statOf(aside);
        if (stat && Date.now() - stat.mtimeMs > maxAgeDays * 86_400_000) rmSync(aside, { force: true });
      }
    }
    const next = openSync(this.file, 'a');
    closeSync(this.#descriptor);
    this.#descriptor = next;
  }
}

function statOf(file: string) {
  try {
    return statSync(file);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
