import { execa } from 'execa';
import { chmod, copyFile, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CvatClient } from '../../src/annotation/index.js';
import { openCatalog } from '../../src/catalog/index.js';
import { findTool, projectRoot } from '../../src/tools/index.js';
import { findChecker } from '../helpers/checkers.js';
import {
  cleanEnvironment,
  completeJobs,
  cutClip,
  demoModel,
  makeFolder,
  program,
  startUp,
  untilWaiting,
  waitingTasks,
  type Up,
} from '../helpers/cli.js';
import { pageCommands } from '../helpers/docs.js';
import { until } from '../helpers/programs.js';

const pages = ['README.md', ...(await readdir(path.join(projectRoot(), 'docs'))).sort().map((page) => `docs/${page}`)];
const commands = pages.filter((page) => page.endsWith('.md')).flatMap(pageCommands);

/** What no test machine can run, and why. */
const notHere: [pattern: RegExp, why: string][] = [
  [/^npm start$/, 'installs the project; the demo is run by demo-reviewer.test.ts'],
  [/^npm test$/, 'is what runs this'],
  [/^npm run audit$/, "asks npm's registry; .ci/run does so"],
  [/^npx frameloop up$/, 'runs until Ctrl-C; it runs below, for all other commands'],
  [/^frameloop webhook serve\b/, 'runs until Ctrl-C; webhook.test.ts has it'],
  [
    /^docker compose (up|build|logs|stop|start|exec|run --rm -T)\b/,
    'needs Docker and its images; the files have checkers of their own',
  ],
  [/^git pull$/, 'needs a newer version'],
  [/\bsudo /, 'changes the accounts and services of the machine; systemd-analyze checks the units'],
  [/\bcvat-cli /, "needs CVAT's own program; review-server-clients.test.ts has it"],
];

interface Run {
  command: RegExp;
  /** What the page promises, in what the command prints or, with `file`, writes. */
  shows: RegExp;
  file?: string;
  /** What the reader has put in place by then. */
  before?: () => Promise<unknown>;
  after?: () => void;
}

/** What is run, in the order of the pages. */
const runs: Run[] = [
  { command: /^npx frameloop init$/, shows: /data\/config\.yaml: written\n/ },
  { command: /^frameloop doctor$/, shows: /^(✓ .*\n)+✓ annotation server .*$/ },
  { command: /^frameloop start --wait$/, shows: /finished\. [1-9]\d* frames added/ },
  { command: /^frameloop start match\.mp4 /, shows: /Started active-learning-/ },
  { command: /^frameloop status$/, shows: /active-learning-/ },
  {
    command: /^temporal workflow start /,
    shows: /WorkflowId +x1\b/,
    before: async () => {
      await roundsEnd(3);
      // Nobody finishes the round before it is told that they have.
      reviewerRests = true;
      await cutClip(path.join(up.folder, 'videos', 'next.mp4'), 'mixed', 20, 7);
    },
  },
  {
    command: /^temporal workflow signal --workflow-id (x1|waiting|cvat-task-\d+) /,
    shows: /Signal workflow succeeded/,
    after: () => (reviewerRests = false),
  },
  { command: /^temporal schedule create /, shows: /^$/, before: () => roundsEnd(4) },
  { command: /^temporal schedule toggle /, shows: /^$/ },
  { command: /^temporal schedule list$/, shows: /weekly/, before: () => untilListed('temporal', /weekly/) },
  { command: /^temporal schedule describe /, shows: /CatchupWindow +1h/ },
  { command: /^temporal schedule (trigger|backfill) /, shows: /request sent/ },
  // What it was told to start, and has not, it would forget.
  { command: /^temporal schedule delete /, shows: /Schedule deleted/, before: () => roundsEnd(6) },
  { command: /^frameloop complete waiting$/, shows: /Told waiting to look/ },
  { command: /^frameloop webhook install --url /, shows: /a ping came through/ },
  { command: /^frameloop dataset validate$/, shows: /everything as the manifest says/ },
  { command: /^frameloop dataset stats$/, shows: /leak check/ },
  { command: /^frameloop dataset diff /, shows: /frames? added/ },
  { command: /^frameloop dataset build$/, shows: /\d+ frames, \d+ boxes of \d+ rounds/ },
  { command: /^frameloop labels pull --merge$/, shows: /0 frames added, \d+ replaced: version/ },
  { command: /^frameloop report$/, shows: /report\.html/ },
  { command: /^(mkdir|cp|chmod) \S+ (data|\.env|config\.example\.yaml|\.env\.example)\b/, shows: /^$/ },
  { command: /^cp (config\.example\.yaml|\.env\.example) /, shows: /^$/ },
  { command: /^frameloop schedule apply$/, shows: /nightly: created/ },
  {
    command: /^frameloop schedule list$/,
    shows: /nightly +active/,
    before: () => untilListed('frameloop', /nightly +active/),
  },
  { command: /^frameloop schedule trigger nightly$/, shows: /nightly: trigger done/ },
  { command: /^frameloop gc$/, shows: /can go/ },
  { command: /^frameloop gc --yes$/, shows: /Removed/ },
  { command: /^temporal workflow list /, shows: /Running +waiting/ },
  { command: /^frameloop detect /, shows: /pictures\/one\.jpg: \d+ objects/ },
  { command: /^promtool /, shows: /SUCCESS/ },
  { command: /^grep /, shows: /"round":"waiting"/ },
  { command: /^npm run --silent sbom /, shows: /"specVersion": ?"1\.5"/, file: 'sbom.json' },
  { command: /^openssl rand -base64 32$/, shows: /^[\w+/]{43}=$/ },
  { command: /^temporal workflow show /, shows: /WORKFLOW_EXECUTION_STARTED/, file: 'x1.json' },
];

const secret = 'a-secret-of-webhooks';
let up: Up;
let cvat: CvatClient;
let waitingTask: number;
let env: Record<string, string>;
let reviewing = true;
let reviewerRests = false;
let reviewer: Promise<void>;

/** What the reader puts for a word of the page; what is the same to the machine is written in one way, and runs once. */
function asCalled(text: string): string {
  const table: [from: string | RegExp, to: string][] = [
    [/^docker compose run --rm worker /, 'frameloop '],
    [/^npx frameloop (?!init|up)/, 'frameloop '],
    ['ROUND', 'waiting'],
    ['nightly-20260101', 'waiting'],
  ];
  return table.reduce((sofar, [from, to]) => sofar.replace(from, to), text);
}

const called = new Map<string, string>();
for (const { at, text } of commands) {
  if (notHere.some(([pattern]) => pattern.test(text))) continue;
  const command = asCalled(text);
  called.set(command, [called.get(command), at].filter(Boolean).join(', '));
}

/** A clone of the project as far as commands see it, with `up` running in it and a round waiting for people. */
beforeAll(async () => {
  up = await startUp({
    name: 'docs',
    config: {
      sources: { files: ['videos'] },
      video: { framerate: 3 },
      cvat: { poll: '1s', settle: '0.2s' },
      schedules: [{ id: 'nightly', cron: '0 3 * * *', timezone: 'Europe/Madrid' }],
    },
    env: { CVAT_WEBHOOK_SECRET: secret },
    prepare: clone,
  });
  // What the pages call by its name alone is found by it.
  const bin = await makeFolder(up.folder, 'bin');
  await symlink((await findTool('temporal')).path, path.join(bin, 'temporal'));
  await writeFile(path.join(bin, 'frameloop'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  await chmod(path.join(bin, 'frameloop'), 0o755);
  env = {
    ...cleanEnvironment(),
    PATH: [bin, path.dirname(findChecker('promtool') ?? bin), process.env.PATH].join(path.delimiter),
    // Not from .env, since a page makes that anew from its example.
    ...{ TEMPORAL_ADDRESS: up.address, MODEL_PATH: demoModel, CVAT_WEBHOOK_SECRET: secret },
    FRAMELOOP_CONFIG: path.join(up.folder, 'config.yaml'),
  };
  cvat = await up.cvat();
  await up.json('start', '--id', 'waiting', await cutClip(path.join(up.folder, 'other.mp4'), 'day', 31, 7));
  waitingTask = await untilWaiting(up, 'waiting');
  reviewer = review();
});
afterAll(async () => {
  reviewing = false;
  await reviewer;
  await up?.stop();
});

async function clone(folder: string): Promise<void> {
  for (const name of await readdir(projectRoot()))
    if (!['data', '.env', 'config.yaml', '.git'].includes(name))
      await symlink(path.join(projectRoot(), name), path.join(folder, name));
  await cutClip(path.join(await makeFolder(folder, 'videos'), 'first.mp4'), 'day', 0, 7);
  await cutClip(path.join(folder, 'match.mp4'), 'night', 0, 7);
  await copyFile(demoModel, path.join(folder, 'best.onnx'));
  const { path: ffmpeg } = await findTool('ffmpeg');
  const picture = path.join(await makeFolder(folder, 'pictures'), 'one.jpg');
  await execa(ffmpeg, ['-v', 'error', '-i', path.join(folder, 'match.mp4'), '-frames:v', '1', picture]);
}

/** Completes every task that is waited for, but that of the round that is to go on waiting. */
async function review(): Promise<void> {
  while (reviewing) {
    const tasks = reviewerRests ? [] : await waitingTasks(up.dataFolder);
    for (const id of tasks) if (id !== waitingTask) await completeJobs(cvat, id);
    await sleep(500);
  }
}

/** Of so many rounds that there are by then: one that was told to begin may not have begun yet. */
function roundsEnd(count: number): Promise<boolean> {
  return until(`${count} rounds, and the end of all but one`, async () => {
    const catalog = await openCatalog(up.dataFolder);
    try {
      const rounds = await catalog.rounds();
      return rounds.length >= count && rounds.every(({ id, endedAt }) => id === 'waiting' || endedAt !== null);
    } finally {
      await catalog.close();
    }
  });
}

/** Temporal's lists are a moment behind. */
function untilListed(program: 'temporal' | 'frameloop', line: RegExp): Promise<boolean> {
  return until(`${line} in the list`, async () => line.test((await shell(`${program} schedule list`)).all));
}

/** What only this run knows. */
async function filled(command: string): Promise<string> {
  const text = command
    .replace('cvat-task-17', `cvat-task-${waitingTask}`)
    .replace(/https?:\/\/frameloop\.example\S*/, up.webhooks);
  if (!/ dataset diff /.test(text)) return text;
  const { versions } = await up.json<{ versions: { version: string }[] }>('dataset', 'stats');
  const [first, second] = versions.slice(-2).map(({ version }) => version.slice(0, 8));
  return text.replace(/[\da-f]{4} [\da-f]{4}$/, `${first} ${second}`);
}

const shell = (text: string) =>
  execa('bash', ['-c', text], {
    ...{ cwd: up.folder, env, extendEnv: false, stdin: 'ignore', reject: false, all: true, timeout: 120_000 },
  });

describe('the commands of the documentation', () => {
  it('are run, each of them, or there is a reason why they cannot be', () => {
    const known = [...notHere.map(([pattern]) => pattern), ...runs.map(({ command }) => command)];
    const all = commands.map(({ text }) => (notHere.some(([pattern]) => pattern.test(text)) ? text : asCalled(text)));
    expect(all.filter((text) => !known.some((pattern) => pattern.test(text)))).toEqual([]);
    expect(known.filter((pattern) => !all.some((text) => pattern.test(text)))).toEqual([]);
    expect(called.size).toBeGreaterThan(35);
  });

  it.for([...called].map(([command, at]) => ({ at, command })))('$at: $command', async ({ command }, { skip }) => {
    const [, missing] = /^(promtool|openssl) /.exec(command) ?? [];
    if (missing !== undefined && !findChecker(missing)) return skip(`${missing} is not installed here`);
    const run = runs.find(({ command: pattern }) => pattern.test(command));
    await run?.before?.();
    const { exitCode, all } = await shell(await filled(command));
    run?.after?.();
    const shown = run?.file === undefined ? all : await readFile(path.join(up.folder, run.file), 'utf8');
    expect({ exitCode, shown, printed: all }).toMatchObject({
      exitCode: 0,
      shown: expect.stringMatching(run?.shows ?? /./) as string,
    });
  });
});
