import { log } from '@temporalio/activity';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../common/errors.js';
import { writeFileAtomic } from '../common/files.js';
import { heldOutFrames, withSnapshot, type HeldOutFrames } from '../dataset/index.js';
import { createDetector, readModel, type DetectorOptions } from '../detector/index.js';
import type { EvaluatedFrame } from '../evaluation/index.js';
import {
  judge,
  readCurrentModel,
  trainModel as runTrainer,
  writeCurrentModel,
  type Judgement,
} from '../training/index.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { detectorOptions, readRoundFile, requireModel, type RoundFile } from './round-file.js';
import type { RoundReference, TrainingResult } from './types.js';

/** Measured as trainers do: every box counts by its confidence, so hardly any may be cut off before. */
const lowestConfidence = 0.001;

/** Trained models, what was measured of each, and which one is in use. */
export const modelsFolder = (dataFolder: string) => path.join(dataFolder, 'models');

/**
 * Trains a model on a version of the dataset and puts it in the place of the one in use, if it is not worse. Done once
 * for each version. The trainer gets a snapshot: other rounds may make the dataset grow while it is at work.
 */
export async function trainModel(
  resources: Resources,
  { round, datasetVersion }: { round: RoundReference; datasetVersion: string },
): Promise<TrainingResult> {
  const plan = await readRoundFile(round.folder);
  const { command, timeout } = plan.config.train;
  if (command === undefined) throw new Error('trainModel runs only with a train.command');
  const folder = modelsFolder(plan.config.paths.data);
  const file = path.join(folder, `${datasetVersion}.onnx`);
  const resultFile = path.join(folder, `${datasetVersion}.json`);
  const earlier = await readIfThere(resultFile);
  if (earlier) return earlier;

  return withHeartbeat(async (signal, report) => {
    const { dataset } = plan.config.paths;
    report({ copying: datasetVersion });
    return withSnapshot({ folder: dataset, version: datasetVersion, signal }, async (snapshot) => {
      report({ training: datasetVersion });
      await runTrainer({
        command,
        folder: resources.dependencies.folder,
        env: withoutSecrets(resources.dependencies.env),
        dataset: snapshot.folder,
        datasetVersion: snapshot.version,
        currentModel: (await modelInUse(plan)).file,
        output: file,
        logFile: path.join(folder, `${datasetVersion}.log`),
        timeoutSeconds: timeout,
        signal,
      });

      report({ comparing: datasetVersion });
      const { sha256 } = await readModel({ model: file });
      const judgement = await compareWithModelInUse(plan, file, await heldOutFrames(snapshot.folder), signal);
      log.info(`The trained model is ${judgement.reason}`, { model: file, dataset: datasetVersion });
      if (judgement.accepted) {
        const replaces = requireModel(plan).configured ?? requireModel(plan).sha256;
        await writeCurrentModel(folder, { file, sha256, replaces, datasetVersion, round: round.roundId });
      }
      const result: TrainingResult = { model: file, sha256, ...judgement };
      await writeFileAtomic(resultFile, `${JSON.stringify(result, null, 2)}\n`);
      return result;
    });
  });
}

/** Once more if another round has put its model in place meanwhile: the better of both shall stay, whoever is last. */
async function compareWithModelInUse(
  plan: RoundFile,
  file: string,
  heldOut: HeldOutFrames,
  signal: AbortSignal,
): Promise<Judgement> {
  // The new model has the names of the dataset; what the configuration says of the other model is not about it.
  const { labels: _labels, layout: _layout, ...options } = detectorOptions(plan);
  const ofNew = await evaluate({ ...options, model: file }, heldOut, signal);
  for (;;) {
    const current = await modelInUse(plan);
    const ofCurrent = await evaluate({ ...detectorOptions(plan), model: current.file }, heldOut, signal);
    const judgement = judge(heldOut.names, { new: ofNew, current: ofCurrent }, heldOut.split);
    if ((await modelInUse(plan)).file === current.file) return judgement;
  }
}

/** Another round may have put a better model in its place since this one began. */
async function modelInUse(plan: RoundFile): Promise<{ file: string }> {
  const planned = requireModel(plan);
  const configured = planned.configured ?? planned.sha256;
  return (await readCurrentModel(modelsFolder(plan.config.paths.data), configured)) ?? planned;
}

/** What a model says of frames whose labels are known. */
async function evaluate(
  options: DetectorOptions,
  heldOut: HeldOutFrames,
  signal: AbortSignal,
): Promise<EvaluatedFrame[]> {
  if (heldOut.frames.length === 0) return [];
  const detector = await createDetector({ ...options, confidence: lowestConfidence });
  try {
    return await Promise.all(
      heldOut.frames.map(async ({ file, boxes }) => {
        const { detections } = await detector.detect(file, { signal });
        return { detections, truth: boxes };
      }),
    );
  } finally {
    await detector.close();
  }
}

/** A trainer needs neither the annotation server nor Temporal. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(CVAT|TEMPORAL|POSTGRES|FRAMELOOP_ENCRYPTION)_/.test(name)),
  );
}

async function readIfThere(file: string): Promise<TrainingResult | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as TrainingResult;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
