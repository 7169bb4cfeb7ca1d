import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { diagnoseSystemError, SetupError } from './diagnose.mjs';
import { withLock } from './lock.mjs';
import { buildStep } from './step-build.mjs';
import { npmStep } from './step-npm.mjs';
import { toolsStep } from './step-tools.mjs';

const usage = `Usage: node scripts/setup.mjs [--check] [--skip-build]

Installs the npm packages, the external programs (ffmpeg, ffprobe, yt-dlp, temporal) that are
not on PATH in a good version, and builds. Does nothing where nothing changed.

  --check       only say what would be done; exit code 1 if there is something to do
  --skip-build  do not build
`;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const toolsFolder = path.join(root, '.tools');
const log = path.join(toolsFolder, 'setup.log');
const shownLogLines = 15;
const shownLineLength = 200;

/** Runs set-up and returns the exit code: 0 ready, 1 not ready (it says why), 2 wrong use, 130 interrupted. */
export async function main(parameters) {
  let options;
  try {
    const flag = { type: 'boolean', default: false };
    options = parseArgs({ args: parameters, options: { check: flag, 'skip-build': flag, help: flag } }).values;
  } catch (error) {
    console.error(`✗ ${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const context = { root, toolsFolder, log, environment: process.env, readOnly: options.check };
  const steps = [npmStep, toolsStep, ...(options['skip-build'] ? [] : [buildStep])];
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interrupt.abort());
  const progress = { step: undefined };
  try {
    return await setUp(
      steps.map((step) => step(context)),
      options.check,
      progress,
      interrupt.signal,
    );
  } catch (error) {
    if (interrupt.signal.aborted) {
      console.error('✗ interrupted; run this again to go on.');
      return 130;
    }
    report(progress.step?.name ?? 'set-up', error);
    return 1;
  }
}

async function setUp(steps, checkOnly, progress, signal) {
  const started = Date.now();
  const due = [];
  for (const step of steps) {
    progress.step = step;
    const reason = await step.check();
    if (reason !== undefined) due.push({ step, reason });
  }
  progress.step = undefined;
  if (due.length === 0) {
    console.log('✓ set-up is complete');
    return 0;
  }
  if (checkOnly) {
    for (const { step, reason } of due) console.log(`· ${step.name}: ${reason} → ${step.todo}`);
    return 1;
  }
  const onWait = (pid) => console.log(`· waiting for another set-up (process ${pid})`);
  await withLock(path.join(toolsFolder, 'setup.lock'), onWait, async (onStart) => {
    writeFileSync(log, `set-up of ${new Date(started).toISOString()}\n`);
    // Every step is looked at again: an earlier one, or a set-up that we waited for, may have changed what there is to do.
    for (const step of steps) {
      progress.step = step;
      signal.throwIfAborted();
      if ((await step.check()) !== undefined) await runStep(step, { onStart, signal });
    }
    progress.step = undefined;
  });
  console.log(`✓ set-up is complete (${seconds(started)})`);
  return 0;
}

async function runStep(step, options) {
  const started = Date.now();
  // On a terminal the line counts the seconds until the step is done; elsewhere only its end is told.
  const show = () => process.stdout.write(`\r· ${step.name} … ${seconds(started)}`);
  const ticking = process.stdout.isTTY ? setInterval(show, 1000) : undefined;
  if (ticking !== undefined) show();
  let detail;
  try {
    detail = await step.run(options);
  } finally {
    clearInterval(ticking);
    if (ticking !== undefined) process.stdout.write('\r\u001b[K');
  }
  console.log(`✓ ${step.name}${detail ? `: ${detail}` : ''} (${seconds(started)})`);
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

function report(name, thrown) {
  const error = thrown instanceof SetupError ? thrown : (diagnoseSystemError(thrown) ?? thrown);
  console.error(`✗ ${name}: ${error.message}`);
  console.error(error instanceof SetupError ? `  ${error.advice}` : error.stack);
  if (!error.inLog) return;
  console.error(`  The end of ${path.relative(process.cwd(), log)}:`);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  for (const line of lines.slice(-shownLogLines)) console.error(`  | ${line.slice(0, shownLineLength)}`);
}
