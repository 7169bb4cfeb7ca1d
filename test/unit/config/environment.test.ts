import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cvatEnvironment, cvatProjectId, loadDotEnv, modelPath, reviewEnvironment } from '../../../src/config/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'frameloop-env-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('.env', () => {
  it('sets what is not set, and never changes what is', async () => {
    await writeFile(path.join(folder, '.env'), 'MODEL_PATH=from-file.onnx\nCVAT_TOKEN="with # sign"\n# a comment\n');
    const env: NodeJS.ProcessEnv = { MODEL_PATH: 'from-environment.onnx' };
    await loadDotEnv(folder, env);
    expect(env).toEqual({ MODEL_PATH: 'from-environment.onnx', CVAT_TOKEN: 'with # sign' });
  });

  it('an empty value in the file sets nothing; one in the environment keeps the file out', async () => {
    await writeFile(path.join(folder, '.env'), 'CVAT_USER=\nCVAT_HOST=https://cvat.example.com\n');
    const env: NodeJS.ProcessEnv = { CVAT_HOST: '' };
    await loadDotEnv(folder, env);
    expect(env).toEqual({ CVAT_HOST: '' });
  });

  it('may be missing', async () => {
    const env: NodeJS.ProcessEnv = {};
    await loadDotEnv(folder, env);
    expect(env).toEqual({});
  });

  it('that cannot be read is not passed over in silence', async () => {
    await mkdir(path.join(folder, '.env'));
    await expect(loadDotEnv(folder, {})).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('a secret in a file of its own', () => {
  it('is read where the variable itself is not set; the line end of the file is not part of it', async () => {
    await writeFile(path.join(folder, 'token'), 'planted token\n');
    await writeFile(path.join(folder, '.env'), 'CVAT_TOKEN_FILE=token\nTEMPORAL_API_KEY_FILE=none\n');
    const env: NodeJS.ProcessEnv = { TEMPORAL_API_KEY: 'planted key' };
    await loadDotEnv(folder, env);
    expect(env).toMatchObject({ CVAT_TOKEN: 'planted token', TEMPORAL_API_KEY: 'planted key' });
  });

  it('that is not there is an error', async () => {
    const env = { CVAT_PASSWORD_FILE: 'none' };
    await expect(loadDotEnv(folder, env)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});

describe('which annotation server the CVAT_* variables mean', () => {
  const host = 'https://cvat.example.com';

  it.each<[string, NodeJS.ProcessEnv]>([
    ['nothing is set', {}],
    ['all are empty', { CVAT_HOST: '', CVAT_TOKEN: '', CVAT_USER: '', CVAT_PASSWORD: '' }],
    ['there is a password alone', { CVAT_PASSWORD: 'secret' }],
  ])('the embedded one when %s', (_, env) => {
    expect(cvatEnvironment(env)).toBeUndefined();
  });

  it.each<[string, NodeJS.ProcessEnv, object]>([
    ['a token alone', { CVAT_TOKEN: 't' }, { host: 'https://app.cvat.ai', token: 't' }],
    ['a token and an empty host', { CVAT_HOST: '', CVAT_TOKEN: 't' }, { host: 'https://app.cvat.ai', token: 't' }],
    [
      'user and password',
      { CVAT_USER: 'u', CVAT_PASSWORD: 'p' },
      { host: 'https://app.cvat.ai', user: 'u', password: 'p' },
    ],
    ['a host with a slash, and a token', { CVAT_HOST: `${host}/`, CVAT_TOKEN: 't' }, { host, token: 't' }],
    [
      'a host, user and password',
      { CVAT_HOST: host, CVAT_USER: 'u', CVAT_PASSWORD: 'p' },
      { host, user: 'u', password: 'p' },
    ],
  ])('a CVAT when there is %s', (_, env, expected) => {
    expect(cvatEnvironment(env)).toEqual(expected);
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['a host alone', { CVAT_HOST: host }],
    ['a user without password', { CVAT_USER: 'u' }],
    ['a host and a password', { CVAT_HOST: host, CVAT_PASSWORD: 'p4ssw0rd' }],
  ])('is an error, and not the embedded server by mistake, when there is %s', (_, env) => {
    try {
      cvatEnvironment(env);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CVAT_CREDENTIALS_MISSING' });
      expect(String(error)).not.toContain('p4ssw0rd');
      return;
    }
    expect.fail('it was accepted');
  });
});

describe('CVAT_PROJECT_ID', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    [' 12 ', 12],
  ])('%j is %j', (text, id) => {
    expect(cvatProjectId({ CVAT_PROJECT_ID: text })).toBe(id);
  });

  it.each(['my project', '1.5', '0', '-3', '12a'])('%j is refused', (text) => {
    expect(() => cvatProjectId({ CVAT_PROJECT_ID: text })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
    );
  });
});

describe('MODEL_PATH', () => {
  it('starts at the working folder; an absolute path stays', () => {
    expect(modelPath({ MODEL_PATH: 'models/best.onnx' }, '/home/me')).toBe('/home/me/models/best.onnx');
    expect(modelPath({ MODEL_PATH: '/models/best.onnx' }, '/home/me')).toBe('/models/best.onnx');
  });

  it.each([undefined, '', '  '])('%j is MODEL_PATH_MISSING', (value) => {
    expect(() => modelPath({ MODEL_PATH: value }, '/home/me')).toThrow(
      expect.objectContaining({ code: 'MODEL_PATH_MISSING' }) as Error,
    );
  });
});

describe('where the embedded annotation server listens', () => {
  it.each<[NodeJS.ProcessEnv, ReturnType<typeof reviewEnvironment>]>([
    [{}, { publicNames: [] }],
    [{ FRAMELOOP_REVIEW_HOST: '', FRAMELOOP_REVIEW_NAMES: '' }, { publicNames: [] }],
    [
      { FRAMELOOP_REVIEW_HOST: '0.0.0.0', FRAMELOOP_REVIEW_NAMES: 'desk.example, 192.0.2.7,' },
      { host: '0.0.0.0', publicNames: ['desk.example', '192.0.2.7'] },
    ],
  ])('%j', (env, expected) => {
    expect(reviewEnvironment(env)).toEqual(expected);
  });
});
