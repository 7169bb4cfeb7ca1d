import { copyFile, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError, systemErrorCode } from '../../common/errors.js';
import { projectRoot } from '../../tools/index.js';
import { type CommonOptions } from '../context.js';
import { printResult } from '../output.js';

export async function init(options: CommonOptions): Promise<void> {
  const files = [
    { from: 'config.example.yaml', to: path.join('data', 'config.yaml') },
    { from: '.env.example', to: '.env' },
  ];
  const results = [];
  for (const { from, to } of files) {
    results.push({
      file: path.resolve(to),
      written: await copyIfAbsent(path.join(projectRoot(), from), path.resolve(to)),
    });
  }
  const lines = results.map(
    ({ file, written }) => `${file}: ${written ? 'written' : 'is there already, left as it is'}`,
  );
  printResult(options.json, results, [...lines, 'Edit them, then: frameloop doctor'].join('\n'));
}

async function copyIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw new PipelineError('FILE_UNWRITABLE', `${to} cannot be written (${systemErrorCode(error)}).`, {
      hint: 'Run this in a folder that you may write to.',
      cause: error,
    });
  }
}
