import { createServer, type AddressInfo } from 'node:net';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/client/program.js';
import { runCli, shownError, writeSettings, type CliResult } from '../helpers/cli.js';
import { projectRoot } from '../../src/tools/index.js';
import { freePort, temporaryFolder } from '../helpers/programs.js';

let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => ({ folder, remove } = await temporaryFolder('wrong-use')));
afterEach(() => remove());

const example = path.join(projectRoot(), 'config.example.yaml');
const run = (args: string[], env?: Record<string, string>) => runCli(args, { cwd: folder, env });

/** What every refusal has in common: a code, one sentence, a way out, no stack, nothing made. */
async function expectRefusal(result: CliResult, code: string, exitCode: number, made: string[] = []) {
  const error = shownError(result.stderr);
  expect(error.code).toBe(code);
  expect(result.exitCode).toBe(exitCode);
  expect(error.message).toMatch(/\.$/);
  expect(error.hint).toMatch(/\w/);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect((await readdir(folder)).sort()).toEqual(made);
  return error;
}

describe('a wrong configuration', () => {
  it('names the unknown key and the nearest known one', async () => {
    await writeSettings(folder, { video: { framrate: 5 } }, {});
    const result = await run(['up']);
    const { message } = await expectRefusal(result, 'CONFIG_INVALID', 2, ['.env', 'config.yaml']);
    expect(message).toContain('"video.framrate"');
    expect(message).toContain('"video.framerate"');
  });

  it('names the key with the wrong type and what belongs there, all of them at once', async () => {
    await writeSettings(folder, { youtube: { num_videos: 'many' }, steps: { download_videos: { enabled: 3 } } }, {});
    const result = await run(['rounds']);
    const { message } = await expectRefusal(result, 'CONFIG_INVALID', 2, ['.env', 'config.yaml']);
    expect(message).toMatch(/"youtube\.num_videos".*number/);
    expect(message).toMatch(/"steps\.download_videos\.enabled".*boolean/);
  });

  it('says where YAML breaks', async () => {
    await writeFile(path.join(folder, 'config.yaml'), 'video:\n  framerate: [5\n');
    await expectRefusal(await run(['rounds']), 'CONFIG_UNREADABLE', 2, ['config.yaml']);
  });

  it('does not take another file for a configuration that is not there', async () => {
    await expectRefusal(await run(['rounds', '--config', 'mine.yaml']), 'CONFIG_NOT_FOUND', 2);
  });
});

describe('what is missing or taken', () => {
  it('tells that no Temporal server answers, for every command that needs one', async () => {
    const nobody = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const commands = [['start'], ['status'], ['complete', 'x'], ['cancel', 'x'], ['schedule', 'list']];
    for (const result of await Promise.all(commands.map((args) => run(args, nobody)))) {
      const { message } = await expectRefusal(result, 'TEMPORAL_UNREACHABLE', 1);
      expect(message).toContain(nobody.TEMPORAL_ADDRESS);
    }
  });

  it('names the port that is in use and the option to choose another, and starts nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const free = ['--temporal-port', `${await freePort()}`, '--ui-port', `${await freePort()}`];
      const result = await run(['up', ...free, '--review-port', `${port}`]);
      const { message, hint } = await expectRefusal(result, 'PORT_IN_USE', 2, ['data']);
      expect(message).toContain(`${port}`);
      expect(hint).toContain('--review-port');
      expect(await readdir(path.join(folder, 'data'))).toEqual([]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('refuses a data folder that cannot be written to, and leaves what is in its place', async () => {
    const inTheWay = path.join(folder, 'data');
    await writeFile(inTheWay, 'a file, not a folder');
    for (const args of [['up'], ['worker'], ['doctor']]) {
      const result = await run(args, { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` });
      if (args[0] === 'doctor') expect(result.stdout).toContain('[DATA_FOLDER_UNWRITABLE]');
      else await expectRefusal(result, 'DATA_FOLDER_UNWRITABLE', 2, ['data']);
    }
    expect(await readFile(inTheWay, 'utf8')).toBe('a file, not a folder');
  });

  it('tells a model that is not there from one that is none', async () => {
    await writeFile(path.join(folder, 'text.onnx'), 'this is no model');
    const picture = ['detect', 'picture.jpg', '--model'];
    await expectRefusal(await run([...picture, 'text.onnx']), 'MODEL_NOT_ONNX', 2, ['text.onnx']);
    const { message } = await expectRefusal(await run([...picture, 'gone.onnx']), 'MODEL_NOT_FOUND', 2, ['text.onnx']);
    expect(message).toContain('gone.onnx');
    await expectRefusal(await run(['detect', 'picture.jpg']), 'MODEL_PATH_MISSING', 2, ['text.onnx']);
  });
});

describe('a wrong command line', () => {
  it.each([
    ['an unknown command', ['tidy'], 'tidy'],
    ['an unknown option, with the one that was meant', ['start', '--wiat'], '--wait'],
    ['a missing argument', ['complete'], 'id'],
    ['a port that is none', ['up', '--ui-port', 'http'], 'port'],
    ['a setting that is none', ['start', '--set', 'framerate'], 'framerate'],
    ['a configuration for a round that is not there', ['start', '--config', 'mine.yaml'], 'CONFIG_NOT_FOUND'],
    ['a configuration for a round that is none', ['start', '--set', 'vidoe.framerate=1', '-c', example], '"video"'],
    ['a time that is none', ['frames', 'x.mp4', '--every', 'often'], '--every'],
  ])('refuses %s', async (_, args, told) => {
    const { exitCode, stdout, stderr } = await run(args, { TEMPORAL_ADDRESS: '127.0.0.1:9' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(told);
    expect(stdout).toBe('');
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells an error as one JSON document where JSON was asked for', async () => {
    const { exitCode, stdout } = await run(['rounds', '--json', '--config', 'mine.yaml']);
    expect(exitCode).toBe(2);
    const { error } = JSON.parse(stdout) as { error: Record<string, string> };
    expect(error).toEqual({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringContaining('mine.yaml') as string,
      hint: expect.stringContaining('frameloop init') as string,
    });
  });

  it('shows the stack when asked to', async () => {
    const { stderr } = await run(['rounds', '--verbose', '--config', 'mine.yaml']);
    expect(stderr).toMatch(/^\s+at /m);
  });
});

describe('help', () => {
  const program = createProgram();
  const commands = program.commands.flatMap((command) => [
    [command.name()],
    ...command.commands.map((inner) => [command.name(), inner.name()]),
  ]);

  it('knows the commands of the manual', () => {
    const names = commands.map((words) => words.join(' '));
    const loop = ['demo', 'up', 'worker', 'start', 'status', 'complete', 'pause', 'resume', 'cancel', 'rounds'];
    const schedules = ['apply', 'list', 'pause', 'resume', 'trigger', 'delete'].map((name) => `schedule ${name}`);
    expect(names).toEqual(
      expect.arrayContaining([...loop, ...schedules, 'doctor', 'init', 'probe', 'frames', 'detect']),
    );
  });

  it('explains every command', async () => {
    for (const words of [[], ...commands]) {
      const { exitCode, stdout, stderr } = await run([...words, '--help']);
      expect({ words, exitCode, stderr }).toEqual({ words, exitCode: 0, stderr: '' });
      expect(stdout).toContain(['Usage: frameloop', ...words].join(' '));
      // A word that only gathers commands has no options of its own.
      const gathers = stdout.includes('[command]');
      if (!gathers) expect(stdout).toContain('--json');
    }
  });
});

describe('init', () => {
  it('writes a configuration that loads, and leaves alone what it finds', async () => {
    const first = await run(['init', '--json']);
    const config = path.join(folder, 'data', 'config.yaml');
    const dotEnv = path.join(folder, '.env');
    expect(JSON.parse(first.stdout)).toEqual([
      { file: config, written: true },
      { file: dotEnv, written: true },
    ]);
    expect((await run(['rounds', '--json'])).stdout).toBe('[]');

    await writeFile(dotEnv, 'CVAT_PROJECT_ID=12\n');
    const before = await readFile(config, 'utf8');
    const second = await run(['init', '--json']);
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout)).toEqual([
      { file: config, written: false },
      { file: dotEnv, written: false },
    ]);
    expect(await readFile(config, 'utf8')).toBe(before);
    expect(await readFile(dotEnv, 'utf8')).toBe('CVAT_PROJECT_ID=12\n');
  });
});
