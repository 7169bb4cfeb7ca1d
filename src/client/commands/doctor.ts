import { createCvatClient, labelsFor, mapLabels, preflight } from '../../annotation/index.js';
import { embeddedConnection } from '../../activities/index.js';
import { requireKnownClasses } from '../../activities/steps.js';
import { openCatalog } from '../../catalog/index.js';
import { messageOf, PipelineError } from '../../common/errors.js';
import {
  cvatEnvironment,
  cvatProjectId,
  loadConfig,
  loadDotEnv,
  modelPath,
  type LoadedConfig,
} from '../../config/index.js';
import { readModel, type ModelInfo } from '../../detector/index.js';
import { findTool, type ToolName } from '../../tools/index.js';
import { temporalTarget } from '../../workers/target.js';
import { withClient } from '../connect.js';
import { namedConfig, type CommonOptions } from '../context.js';
import { exitCodes, printResult } from '../output.js';

interface Check {
  name: string;
  ok: boolean;
  detail: string;
  fix?: string;
}

export async function doctor(options: CommonOptions): Promise<void> {
  await loadDotEnv(process.cwd(), process.env);
  const checks: Check[] = [];
  /** Runs one check; what it returns is passed on to later ones, undefined when it failed. */
  const check = async <T>(name: string, run: () => Promise<{ detail: string; value?: T }>): Promise<T | undefined> => {
    try {
      const { detail, value } = await run();
      checks.push({ name, ok: true, detail });
      return value;
    } catch (error) {
      const fix = error instanceof PipelineError ? error.hint : undefined;
      const code = error instanceof PipelineError ? ` [${error.code}]` : '';
      checks.push({ name, ok: false, detail: `${messageOf(error)}${code}`, fix });
      return undefined;
    }
  };

  await check('node', () => Promise.resolve({ detail: process.version }));
  for (const name of ['ffmpeg', 'ffprobe', 'yt-dlp', 'temporal'] satisfies ToolName[]) {
    await check(name, async () => {
      try {
        const { version, path, source } = await findTool(name);
        return { detail: `${version}, ${path} (${source})` };
      } catch (error) {
        // `up` starts the Temporal server with it; where the server is somebody else's, nobody misses it.
        if (name !== 'temporal' || !process.env.TEMPORAL_ADDRESS) throw error;
        return { detail: 'not here, and not needed: TEMPORAL_ADDRESS names a server' };
      }
    });
  }
  const config = await check('configuration', async () => {
    const value = await loadConfig({ folder: process.cwd(), file: namedConfig(options) });
    return { detail: value.file ?? 'no file: the defaults hold', value };
  });
  const model = await check('model', () => checkModel(config));
  if (config) {
    await check('data folder', async () => {
      await (await openCatalog(config.paths.data)).close();
      return { detail: config.paths.data };
    });
  }
  await check('Temporal server', async () => {
    const { address, namespace } = temporalTarget(process.env);
    await withClient((client) => client.workflowService.describeNamespace({ namespace }));
    return { detail: `${address}, namespace ${namespace}` };
  });
  if (config) await check('annotation server', () => checkAnnotation(config, model));

  const ok = checks.every((each) => each.ok);
  const text = checks.map(
    ({ name, ok, detail, fix }) =>
      `${ok ? '✓' : '✗'} ${name.padEnd(18)} ${detail}${fix ? `\n${' '.repeat(21)}→ ${fix}` : ''}`,
  );
  printResult(options.json, { ok, checks }, text.join('\n'));
  if (!ok) process.exitCode = exitCodes.failed;
}

async function checkModel(config: LoadedConfig | undefined): Promise<{ detail: string; value: ModelInfo }> {
  const { labels, layout, image_size: imageSize } = config?.detector ?? {};
  const value = await readModel({ model: modelPath(process.env, process.cwd()), labels, layout, imageSize });
  if (config) requireKnownClasses(config, value.names);
  const size = `${value.inputWidth}x${value.inputHeight}${value.dynamic ? ' (dynamic)' : ''}`;
  const warnings = value.warnings.map((warning) => ` ${warning}`).join('');
  return { detail: `${value.file}: ${value.layout}, ${size}, ${value.names.length} classes.${warnings}`, value };
}

/** What a round checks before it begins, without making or changing anything. */
async function checkAnnotation(config: LoadedConfig, model: ModelInfo | undefined): Promise<{ detail: string }> {
  const client = createCvatClient(cvatEnvironment(process.env) ?? (await embeddedConnection(config.paths.data)));
  const {
    labels,
    project: name,
    annotations_format: exportFormat,
    create_labels: createLabels,
    prelabels,
    assignees,
  } = config.cvat;
  const classes = config.detector.classes ?? model?.names ?? [];
  const { server, project } = await preflight(client, {
    projectId: cvatProjectId(process.env),
    name,
    labels: labelsFor(classes, labels),
    createLabels,
    exportFormat,
    importYolo: prelabels === 'yolo_zip',
    assignees,
    dryRun: true,
  });
  const detail = `${client.host}, version ${server.version}, as ${server.user}`;
  if (!project) return { detail: `${detail}; project "${name}" will be made by the first round` };
  mapLabels(project, classes, labels);
  return {
    detail: `${detail}; project ${project.id} "${project.name}" has every label, and takes tasks from this account`,
  };
}
