import { activityInfo, log } from '@temporalio/activity';
import path from 'node:path';
import { labelsFor, mapLabels, preflight, type ProjectInfo } from '../annotation/index.js';
import type { Catalog, RoundRow } from '../catalog/index.js';
import { PipelineError } from '../common/errors.js';
import { cvatProjectId, loadConfig, modelPath, type LoadedConfig, type StepName } from '../config/index.js';
import { readModel } from '../detector/index.js';
import { requireKnownClasses } from './class-names.js';
import type { Resources } from './resources.js';
import { readCurrentModel } from '../training/index.js';
import { writeRoundFile, type RoundFile } from './round-file.js';
import { isRunning } from './running-workflow.js';
import { count } from './telemetry.js';
import { modelsFolder } from './train-model.js';
import type { RoundInput, RoundPlan } from './types.js';

/**
 * Decides what the round will do and checks before any work is spent that it can: configuration, data folder, model,
 * annotation server, labels. Writes the decision down for the other activities.
 */
export async function planRound(
  resources: Resources,
  request: { input: RoundInput; startedAt: string },
): Promise<RoundPlan> {
  const { folder, configFile } = resources.dependencies;
  const { input, startedAt } = request;
  checkInput(input);
  const config = await loadConfig({ folder, file: configFile, overrides: input.config });
  const catalog = await resources.catalog(config.paths.data);
  const { workflowId, runId } = workflowExecution();
  const row = await catalog.ensureRound({
    workflowId,
    runId,
    startedAt,
    folderOf: (roundId) => path.join(config.paths.data, 'rounds', roundId),
  });
  try {
    return await decide(resources, { row, config, input, startedAt, catalog });
  } catch (error) {
    // The workflow ends with this error, before it holds anything that it would give back itself.
    if (error instanceof PipelineError && !error.retryable) {
      await catalog.updateRound(row.id, { state: 'failed', endedAt: new Date().toISOString() });
      count('rounds', 1, { state: 'failed' });
    }
    throw error;
  }
}

async function decide(
  resources: Resources,
  request: { row: RoundRow; config: LoadedConfig; input: RoundInput; startedAt: string; catalog: Catalog },
): Promise<RoundPlan> {
  const { folder, env, queues, searchAttributes, videosAtATime = 2 } = resources.dependencies;
  const { row, config, input, startedAt, catalog } = request;
  const steps = Object.fromEntries(
    Object.entries(config.steps).map(([name, { enabled }]) => [name, enabled]),
  ) as Record<StepName, boolean>;
  const plan: RoundPlan = {
    roundId: row.id,
    folder: row.folder,
    steps,
    concurrentVideos: config.concurrency.videos ?? videosAtATime,
    pollSeconds: config.cvat.poll,
    longestPollSeconds: Math.max(config.cvat.poll, config.cvat.poll_longest),
    deadlineSeconds: config.cvat.deadline,
    ...(config.cvat.on_deadline === 'take_completed' && { takeCompletedAtDeadline: true }),
    ...(config.cvat.take_jobs === 'as_finished' && { takeJobsAsFinished: true }),
    ...(config.train.command && { train: true }),
    ...(queues && { queues }),
    ...(searchAttributes && { searchAttributes }),
    memo: { round: row.id, folder: row.folder },
  };

  const waiting = await countRounds(await catalog.roundsInState('waiting'), catalog);
  // A schedule that is quicker than the rounds must not pile them up either. Of two that begin together, one goes on.
  const running = await catalog.roundsInState('running');
  const earlier = running.filter((other) => `${other.startedAt} ${other.id}` < `${row.startedAt} ${row.id}`);
  const atWork = await countRounds(earlier, catalog);
  if (waiting + atWork >= config.max_open_rounds) {
    await catalog.updateRound(row.id, { state: 'skipped', endedAt: new Date().toISOString() });
    count('rounds', 1, { state: 'skipped' });
    return { ...plan, skip: describeOpenRounds(waiting, atWork) };
  }

  const round: RoundFile = {
    roundId: row.id,
    taskName: `${config.cvat.task_name === 'auto' ? startedAt.slice(0, 10) : config.cvat.task_name} (${row.id})`,
    config,
    videos: input.videos,
  };
  if (steps.process_videos || steps.upload_labels) {
    round.model = await chooseModel(config, modelPath(env, folder));
    requireKnownClasses(config, round.model.names);
    await catalog.updateRound(row.id, { modelSha256: round.model.sha256 });
    plan.model = `${path.basename(round.model.file)}@${round.model.sha256.slice(0, 12)}`;
    plan.memo = { ...plan.memo, model: plan.model };
  }
  if (steps.upload_labels || steps.download_labels)
    round.project = await prepareProject(resources, config, round.model);
  await writeRoundFile(row.folder, round);
  return plan;
}

/** The configured model, or the one that was trained since and found not worse. */
async function chooseModel(config: LoadedConfig, configured: string): Promise<NonNullable<RoundFile['model']>> {
  const { labels, layout, image_size: imageSize } = config.detector;
  const { file, sha256, names, warnings } = await readModel({ model: configured, labels, layout, imageSize });
  const trained = config.train.command && (await readCurrentModel(modelsFolder(config.paths.data), sha256));
  if (trained) {
    const model = await readModel({ model: trained.file });
    log.info('A trained model takes the place of the configured one', { model: trained.file, round: trained.round });
    return { file: model.file, sha256: model.sha256, names: model.names, configured: sha256 };
  }
  for (const warning of warnings) log.warn(warning, { model: file });
  return { file, sha256, names };
}

function workflowExecution(): { workflowId: string; runId: string } {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('planRound runs inside a workflow only');
  return workflowExecution;
}

/** A start from the Temporal UI or CLI may hold anything. */
function checkInput(input: RoundInput): void {
  const known = ['config', 'videos'];
  const unknown = Object.keys(input).filter((key) => !known.includes(key));
  const { videos } = input;
  const videosFit =
    videos === undefined || (Array.isArray(videos) && videos.every((video) => typeof video === 'string'));
  if (unknown.length === 0 && videosFit) return;
  throw new PipelineError(
    'INPUT_INVALID',
    unknown.length > 0
      ? `The input of the workflow has the unknown key "${unknown.join('", "')}".`
      : 'The input "videos" of the workflow must be a list of files, folders, globs or URLs.',
    { hint: 'Give no input at all, or {"config": {…}, "videos": ["match.mp4"]}.' },
  );
}

/** The project of the annotation server, with a label for every class that may be pre-labelled. */
async function prepareProject(
  resources: Resources,
  config: LoadedConfig,
  model: RoundFile['model'],
): Promise<ProjectInfo> {
  const client = await resources.cvat(config.paths.data);
  const classes = config.detector.classes ?? model?.names ?? [];
  const {
    labels,
    project: name,
    annotations_format: exportFormat,
    create_labels: createLabels,
    prelabels,
    assignees,
  } = config.cvat;
  const { server, project } = await preflight(client, {
    projectId: cvatProjectId(resources.dependencies.env),
    name,
    labels: labelsFor(classes, labels),
    createLabels,
    exportFormat,
    importYolo: prelabels === 'yolo_zip',
    assignees,
  });
  log.info('The annotation server is ready', { host: client.host, version: server.version });
  if (!project) throw new Error('only a dry run ends without a project');
  mapLabels(project, classes, labels);
  return project;
}

/**
 * How many of these really run. One whose workflow is gone without having said so (terminated, the server's memory lost,
 * or cancelled while no worker of this host ran) does not count, and what it held goes back, for this round to take.
 */
async function countRounds(rows: readonly RoundRow[], catalog: Catalog): Promise<number> {
  let running = 0;
  for (const row of rows) {
    if (await isRunning(row.workflowId, row.runId)) {
      running += 1;
      continue;
    }
    // A round that ends says so before its workflow does: one that did it since these were read is not gone.
    const videos = await catalog.abandonRound(row.id);
    if (videos !== undefined) {
      log.warn('A round is gone without having ended', { gone: row.id, state: row.state, videos });
    }
  }
  return running;
}

function describeOpenRounds(waiting: number, atWork: number): string {
  const are = (count: number) => `${count} ${count === 1 ? 'round is' : 'rounds are'}`;
  const parts = [
    ...(waiting > 0 ? [`${are(waiting)} waiting for annotators`] : []),
    ...(atWork > 0 ? [`${are(atWork)} at work`] : []),
  ];
  return parts.join(', ');
}
