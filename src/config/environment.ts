import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'dotenv';
import { PipelineError, systemErrorCode } from '../common/errors.js';

/** How to reach the annotation server, as the environment says it. `undefined`: use the embedded one. */
export interface CvatEnvironment {
  host: string;
  token?: string;
  user?: string;
  password?: string;
}

/** Secrets may lie in files of their own, as Docker, Kubernetes and systemd hand them over: NAME_FILE names it. */
const secrets = [
  'CVAT_TOKEN',
  'CVAT_PASSWORD',
  'CVAT_WEBHOOK_SECRET',
  'TEMPORAL_API_KEY',
  'FRAMELOOP_REVIEW_PASSWORD',
  'FRAMELOOP_ENCRYPTION_KEY',
  'FRAMELOOP_ENCRYPTION_OLD_KEYS',
];

/**
 * Reads `.env` in `folder` into `env`, then the secrets that lie in files (`CVAT_TOKEN_FILE`, …); what is set already
 * wins. A missing `.env` is no error.
 *
 * @throws PipelineError SECRET_UNREADABLE
 */
export async function loadDotEnv(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  await readDotEnv(folder, env);
  for (const name of secrets) {
    const file = env[`${name}_FILE`];
    if (env[name] || !file) continue;
    env[name] = await readFile(path.resolve(folder, file), 'utf8').then(
      (text) => text.trim(),
      (error: unknown) => {
        throw new PipelineError('SECRET_UNREADABLE', `${name}_FILE names ${file}, which cannot be read.`, {
          hint: `Check the path and who may read it (${systemErrorCode(error)}), or unset ${name}_FILE.`,
          cause: error,
        });
      },
    );
  }
}

async function readDotEnv(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  let text: string;
  try {
    text = await readFile(path.join(folder, '.env'), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  for (const [key, value] of Object.entries(parse(text))) {
    if (value !== '') env[key] ??= value;
  }
}

/** The real CVAT that the environment names, or undefined when there is neither host nor credential. */
export function cvatEnvironment(env: NodeJS.ProcessEnv): CvatEnvironment | undefined {
  const { CVAT_HOST: host, CVAT_TOKEN: token, CVAT_USER: user, CVAT_PASSWORD: password } = env;
  if (!host && !token && !user) return undefined;
  if (!token && !(user && password)) {
    throw new PipelineError(
      'CVAT_CREDENTIALS_MISSING',
      'CVAT is named in the environment but there is no way to log in.',
      {
        hint: 'Set CVAT_TOKEN, or CVAT_USER and CVAT_PASSWORD, in .env; remove CVAT_HOST to use the embedded server.',
      },
    );
  }
  // Empty means unset, also where it comes from the environment itself.
  return { host: (host || 'https://app.cvat.ai').replace(/\/+$/, ''), token, user, password };
}

/** CVAT_PROJECT_ID as a number, or undefined when it is not set. */
export function cvatProjectId(env: NodeJS.ProcessEnv): number | undefined {
  const text = env.CVAT_PROJECT_ID?.trim();
  if (!text) return undefined;
  const id = Number(text);
  if (Number.isInteger(id) && id > 0) return id;
  throw new PipelineError('CONFIG_INVALID', `CVAT_PROJECT_ID is "${text}", which is no project number.`, {
    hint: 'Open the project in CVAT: its number is the last part of the address, …/projects/12.',
  });
}

/** Where the embedded annotation server listens, and by which names other machines reach it. */
export interface ReviewEnvironment {
  host?: string;
  publicNames: string[];
}

/** FRAMELOOP_REVIEW_HOST and FRAMELOOP_REVIEW_NAMES, which may be several with commas between them. */
export function reviewEnvironment(env: NodeJS.ProcessEnv): ReviewEnvironment {
  const host = env.FRAMELOOP_REVIEW_HOST?.trim();
  const names = (env.FRAMELOOP_REVIEW_NAMES ?? '').split(',').map((name) => name.trim());
  return { ...(host ? { host } : {}), publicNames: names.filter((name) => name !== '') };
}

/** CVAT_WEBHOOK_SECRET: what CVAT signs its webhooks with. It takes 64 characters at most. */
export function webhookSecret(env: NodeJS.ProcessEnv): string | undefined {
  const secret = env.CVAT_WEBHOOK_SECRET;
  if (!secret) return undefined;
  if (secret.length <= 64) return secret;
  throw new PipelineError('CONFIG_INVALID', 'CVAT_WEBHOOK_SECRET is longer than the 64 characters that CVAT takes.', {
    hint: 'Make a shorter one, for instance with: openssl rand -hex 32',
  });
}

/** The absolute path of MODEL_PATH. */
export function modelPath(env: NodeJS.ProcessEnv, folder: string): string {
  const value = env.MODEL_PATH?.trim();
  if (value) return path.resolve(folder, value);
  throw new PipelineError('MODEL_PATH_MISSING', 'MODEL_PATH is not set, so there is no model to run.', {
    hint: 'Set MODEL_PATH in .env to your detector’s .onnx file; models/demo.onnx is there to try things out.',
  });
}

/** The page of a workflow in the Temporal UI that TEMPORAL_UI_URL names; undefined without one. */
export function workflowUrl(
  env: NodeJS.ProcessEnv,
  namespace: string,
  { workflowId, runId }: { workflowId: string; runId: string },
): string | undefined {
  const ui = env.TEMPORAL_UI_URL?.trim().replace(/\/+$/, '');
  if (!ui) return undefined;
  const [space, id, run] = [namespace, workflowId, runId].map(encodeURIComponent);
  return `${ui}/namespaces/${space}/workflows/${id}/${run}/history`;
}
