import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, PipelineError, systemErrorCode } from '../common/errors.js';
import { sha256File, writeFileAtomic } from '../common/files.js';

/** The model that training put in the place of the one that MODEL_PATH names. */
const currentModel = z.object({
  file: z.string(),
  sha256: z.string(),
  /** SHA-256 of the model that MODEL_PATH named then. Another one there means that the user wants that one. */
  replaces: z.string(),
  datasetVersion: z.string(),
  round: z.string(),
});

export type CurrentModel = z.infer<typeof currentModel>;

const fileIn = (folder: string) => path.join(folder, 'current.json');

/**
 * The trained model that stands in for the configured one, if there is one.
 * @param folder where trained models are kept
 * @param configured SHA-256 of the model that MODEL_PATH names
 * @throws PipelineError MODEL_REGISTRY_DAMAGED when the file cannot be read, or its model is gone or another one
 */
export async function readCurrentModel(folder: string, configured: string): Promise<CurrentModel | undefined> {
  const file = fileIn(folder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  let current: CurrentModel;
  try {
    current = currentModel.parse(JSON.parse(text));
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
  if (current.replaces !== configured) return undefined;
  const sha256 = await sha256File(current.file).catch((error: unknown) => {
    throw damaged(file, messageOf(error));
  });
  if (sha256 !== current.sha256) throw damaged(file, `${current.file} is another model than the one that was trained`);
  return current;
}

export async function writeCurrentModel(folder: string, current: CurrentModel): Promise<void> {
  await writeFileAtomic(fileIn(folder), `${JSON.stringify(current, null, 2)}\n`);
}

const damaged = (file: string, why: string): PipelineError =>
  new PipelineError('MODEL_REGISTRY_DAMAGED', `The trained model that ${file} names cannot be used: ${why}.`, {
    hint: `Restore the model, or remove ${file} to go back to the model of MODEL_PATH.`,
  });
