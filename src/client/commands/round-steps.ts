import { parse } from 'yaml';
import {
  chooseFrames,
  clearEmptyLabels,
  downloadLabels,
  mergeDataset,
  readRoundFile,
  Resources,
  settingsOf,
  writeReport,
  type AnnotationTask,
  type RoundReference,
} from '../../activities/steps.js';
import { PipelineError } from '../../common/errors.js';
import { toJsonLines, writeFileAtomic } from '../../common/files.js';
import { loadConfig, type ConfigOverrides, type LoadedConfig } from '../../config/index.js';
import { namedConfig, readContext, type CommonOptions } from '../context.js';
import { note, printLine, printResult, table } from '../output.js';
import { unknownRound } from '../rounds.js';

/** The single steps of a round, without Temporal: on the files and the catalog of the data folder. */

/** Runs `use` with what activities need, on the catalog of the configuration. */
async function withResources<T>(
  options: CommonOptions,
  use: (resources: Resources, config: LoadedConfig) => Promise<T>,
): Promise<T> {
  const config = await readContext(options);
  const resources = new Resources({ folder: process.cwd(), env: process.env, configFile: namedConfig(options) });
  try {
    return await use(resources, config);
  } finally {
    await resources.close();
  }
}

async function findRound(
  resources: Resources,
  config: LoadedConfig,
  id: string | undefined,
  options: { withTask?: boolean } = {},
): Promise<RoundReference & { task?: AnnotationTask }> {
  const catalog = await resources.catalog(config.paths.data);
  const row = id === undefined ? await catalog.newestRound(options) : await catalog.round(id);
  if (!row && id !== undefined) throw unknownRound(config.paths.data, id);
  if (!row) {
    const which = options.withTask ? 'round with an annotation task' : 'round';
    throw new PipelineError('ROUND_UNKNOWN', `There is no ${which} in ${config.paths.data} yet.`, {
      hint: '`frameloop rounds` lists the rounds.',
    });
  }
  const round = { roundId: row.id, folder: row.folder };
  const task = row.taskId === null ? undefined : { round, taskId: row.taskId, taskUrl: row.taskUrl ?? '' };
  return { ...round, task };
}

/** `a.b=value` (YAML) pairs of the selection block as overrides of the configuration. */
function selectionOverrides(pairs: readonly string[]): ConfigOverrides {
  const selection: Record<string, unknown> = {};
  for (const pair of pairs) {
    const [, key, value] = /^(?:selection\.)?([\w.]+)=(.*)$/s.exec(pair) ?? [];
    if (key === undefined) {
      throw new PipelineError('WRONG_USE', `--set ${pair} is not key=value.`, { hint: 'Write --set budget=50.' });
    }
    const [head = '', ...rest] = key.split('.');
    const inner = rest.reduceRight<unknown>((content, part) => ({ [part]: content }), parse(value ?? ''));
    const merged = rest.length > 0 ? { ...(selection[head] as object | undefined), ...(inner as object) } : inner;
    selection[head] = merged;
  }
  return { selection };
}

export async function select(options: CommonOptions & { round?: string; set?: string[]; out?: string }): Promise<void> {
  await withResources(options, async (resources, config) => {
    const round = await findRound(resources, config, options.round);
    const plan = await readRoundFile(round.folder);
    const overrides = selectionOverrides(options.set ?? []);
    const changed = await loadConfig({ folder: process.cwd(), file: namedConfig(options), overrides });
    const settings = options.set
      ? settingsOf({ ...plan, config: { ...plan.config, selection: changed.selection } })
      : undefined;
    const catalog = await resources.catalog(config.paths.data);
    const { candidates, selected, rejected } = await chooseFrames(plan, round, catalog, { settings });
    if (options.out) await writeFileAtomic(options.out, toJsonLines(selected));
    if (options.json) {
      for (const { frameId, arm, score, scores, reason, blind } of selected) {
        printLine({ frameId, arm, score, scores, reason, blind });
      }
      return;
    }
    const rows = selected.map(({ frameId, arm, blind, score, reason }) => [
      ...[frameId, blind ? `${arm}, blind` : arm, score.toFixed(2), reason],
    ]);
    process.stdout.write(`${table([['frame', 'share', 'score', 'reason'], ...rows])}\n`);
    note(`${selected.length} of ${candidates} frames of round ${round.roundId}; nothing was changed`);
    for (const { reason, count } of rejected) note(`  ${count} ${reason}`);
  });
}

export async function pullLabels(options: CommonOptions & { round?: string; merge?: boolean }): Promise<void> {
  await withResources(options, async (resources, config) => {
    const { task, ...round } = await findRound(resources, config, options.round, { withTask: true });
    if (!task) {
      throw new PipelineError('ROUND_WITHOUT_TASK', `Round ${round.roundId} has no annotation task.`, {
        hint: 'It sent no frames to people, or its task was deleted.',
      });
    }
    // What is finished, whatever is still open: whoever calls this knows.
    const review = await downloadLabels(resources, { ...task, finishedOnly: true });
    if ('changed' in review) {
      throw new PipelineError('ROUND_WITHOUT_TASK', `The task ${task.taskId} of round ${round.roundId} was deleted.`);
    }
    const lines = [
      `${review.reviewed} frames with labels, ${review.empty} empty, ${review.notReviewed} not reviewed; ${review.boxes} boxes`,
      ...review.warnings,
    ];
    if (!options.merge) {
      printResult(options.json, { ...round, review }, lines.join('\n'));
      return;
    }
    const clean = await clearEmptyLabels(resources, task);
    const dataset = await mergeDataset(resources, task);
    const report = await writeReport(resources, { round });
    lines.push(`${dataset.added} frames added, ${dataset.replaced} replaced: version ${dataset.version}`, report.file);
    printResult(options.json, { ...round, review, clean, dataset, report }, lines.join('\n'));
  });
}

export async function report(id: string | undefined, options: CommonOptions): Promise<void> {
  await withResources(options, async (resources, config) => {
    const round = await findRound(resources, config, id);
    const result = await writeReport(resources, { round });
    printResult(options.json, { roundId: round.roundId, ...result }, Object.values(result).join('\n'));
  });
}
