import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { systemErrorCode } from '../../src/common/errors.js';
import { writeFileAtomic } from '../../src/common/files.js';

/** The folder of the trainer. */
const trainer = fileURLToPath(new URL('.', import.meta.url));
const requirements = path.join(trainer, 'requirements.txt');

/** Newest first; the pinned packages have wheels for these. */
const PYTHONS = ['python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
const OLDEST = [3, 11] as const;

/**
 * Makes the Python environment that training needs, unless the folder has it already with the pins of today.
 * @returns its Python
 */
export async function trainingEnvironment(folder: string): Promise<string> {
  const python =
    process.platform === 'win32' ? path.join(folder, 'Scripts', 'python.exe') : path.join(folder, 'bin', 'python');
  const pins = await readFile(requirements, 'utf8');
  // Written last: an environment without it is half made. It holds its place, because environments cannot be moved.
  const stamp = path.join(folder, 'installed.txt');
  const wanted = `# ${folder}\n${pins}`;
  if ((await textOf(stamp)) === wanted) return python;

  await rm(folder, { recursive: true, force: true });
  await execa(await findPython(), ['-m', 'venv', folder], { stdio: ['ignore', 2, 2] });
  await execa(python, ['-m', 'pip', 'install', '--no-deps', '-r', requirements], { stdio: ['ignore', 2, 2] });
  await execa(python, ['-c', 'import onnx, onnxruntime, PIL, pycocotools, torch, yaml']);
  await writeFileAtomic(stamp, wanted);
  return python;
}

/** Runs one of the trainer's programs; its progress is shown, its result returned. */
export async function runTrainer(python: string, program: 'train' | 'evaluate', options: string[]): Promise<unknown> {
  const { stdout } = await execa(python, [path.join(trainer, `${program}.py`), ...options], {
    stdio: ['ignore', 'pipe', 2],
  });
  return JSON.parse(stdout);
}

async function findPython(): Promise<string> {
  for (const name of PYTHONS) {
    const { stdout } = await execa(name, ['-c', 'import sys, ensurepip; print(*sys.version_info[:2])'], {
      reject: false,
    });
    const [major, minor] = (stdout ?? '').split(' ').map(Number);
    if (major === OLDEST[0] && minor !== undefined && minor >= OLDEST[1]) return name;
  }
  throw new Error(`Training needs Python ${OLDEST.join('.')} or newer with its modules venv and ensurepip.`);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
