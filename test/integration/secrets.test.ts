import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findTool, type ToolName } from '../../src/tools/index.js';
import { completeJobs, demoClip, startUp, temporalCli, untilStatus, untilWaiting, type Up } from '../helpers/cli.js';
import { startServer, type TestServer } from './sources-server.js';

/** What a user may have in the environment or in .env, ours and others'; none of it is needed by the programs we start. */
const planted = {
  CVAT_PASSWORD: 'planted-cvat-password',
  CVAT_WEBHOOK_SECRET: 'planted-webhook-secret',
  TEMPORAL_API_KEY: 'planted-temporal-key',
  FRAMELOOP_ENCRYPTION_KEY: Buffer.from('planted-encryption-key-32-bytes!').toString('base64'),
  POSTGRES_PASSWORD: 'planted-database-password',
  AWS_SECRET_ACCESS_KEY: 'planted-foreign-key',
};
const variables = {
  ffmpeg: 'FFMPEG_PATH',
  ffprobe: 'FFPROBE_PATH',
  'yt-dlp': 'YTDLP_PATH',
  temporal: 'TEMPORAL_CLI_PATH',
};

const leaksIn = (text: string) =>
  Object.entries(planted).flatMap(([name, value]) => (text.includes(value) ? [name] : []));

/** In the place of a program: writes down with what it was started, then becomes the program. */
async function recorder(folder: string, tool: ToolName): Promise<string> {
  const file = path.join(folder, tool);
  const { path: program } = await findTool(tool);
  const lines = ['#!/bin/sh', `{ echo "${tool} $@"; env; } >> "${folder}/started.txt"`, `exec "${program}" "$@"`];
  await writeFile(file, `${lines.join('\n')}\n`);
  await chmod(file, 0o755);
  return file;
}

/** The arguments of every process on this machine. */
async function allArguments(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.join('\n');
}

describe.skipIf(process.platform !== 'linux')('secrets, during a round (looks into /proc: Linux only)', () => {
  let site: TestServer;
  let up: Up;
  let folder: string;
  const seen: string[] = [];

  beforeAll(async () => {
    const clip = await readFile(demoClip('night'));
    site = await startServer({
      '/night.mp4': (_, response) =>
        response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': clip.length }).end(clip),
    });
    up = await startUp({
      name: 'secrets',
      config: { sources: { urls: [`${site.origin}/night.mp4`] }, video: { framerate: 30 } },
      // An API key alone would mean TLS, which the server of `up` does not speak.
      env: { ...planted, TEMPORAL_TLS: 'false' },
      async prepare(made) {
        folder = made;
        for (const tool of Object.keys(variables) as ToolName[])
          vi.stubEnv(variables[tool], await recorder(made, tool));
      },
    });
    // Between our processes' starts, arguments are looked at as long as the round runs.
    let running = true;
    const looking = (async () => {
      while (running) {
        seen.push(await allArguments());
        await sleep(100);
      }
    })();
    const { workflowId } = await up.json<{ workflowId: string }>('start', '--id', 'secrets');
    await completeJobs(await up.cvat(), await untilWaiting(up, workflowId));
    await up.json('complete', workflowId);
    await untilStatus(up, workflowId, 'finished', ({ state }) => state === 'COMPLETED');
    running = false;
    await looking;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await up.stop();
    await site.close();
  });

  it('are in no process’s arguments', () => {
    expect(seen.length).toBeGreaterThan(5);
    expect(leaksIn(seen.join('\n'))).toEqual([]);
  });

  it('reach none of the programs that are started, in arguments or environment', async () => {
    const started = await readFile(path.join(folder, 'started.txt'), 'utf8');
    for (const tool of Object.keys(variables)) expect(started).toMatch(new RegExp(`^${tool} `, 'm'));
    expect(started).toMatch(/^PATH=/m);
    expect(leaksIn(started)).toEqual([]);
  });

  it('are in no history, and in no file of the data folder', async () => {
    for (const id of ['secrets', 'cvat-task-1']) {
      expect(leaksIn(await temporalCli(up, 'workflow', 'show', '--workflow-id', id, '--output', 'json'))).toEqual([]);
    }
    const files = await readdir(up.dataFolder, { recursive: true, withFileTypes: true });
    const kept = files.filter((file) => file.isFile() && !/\.(jpg|mp4|png)$/.test(file.name));
    expect(kept.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['pipeline.log', 'worker.log', 'catalog.sqlite']),
    );
    for (const file of kept) {
      const name = path.join(file.parentPath, file.name);
      expect(leaksIn(await readFile(name, 'latin1')), name).toEqual([]);
    }
  });
});
