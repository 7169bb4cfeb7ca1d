import type { CvatClient, ServerInfo } from '../types.js';
import { CvatError, hasStatus } from './errors.js';
import { usableFormats } from './formats.js';
import type { WireAbout, WireFormats } from './wire.js';

/** The first version with `/api/requests` and jobs that are finished by their state alone. */
const OLDEST = { major: 2, minor: 16 };
/** The first version with personal access tokens. */
const ACCESS_TOKENS = { major: 2, minor: 48 };

/**
 * Looks whether the server can be worked with: is it a CVAT, new enough, and does it know us?
 * Throws CVAT_UNREACHABLE, CVAT_NOT_CVAT, CVAT_TOO_OLD, CVAT_AUTH, CVAT_FORBIDDEN.
 */
export async function checkServer(client: CvatClient, signal?: AbortSignal): Promise<ServerInfo> {
  const version = await readVersion(client, signal);
  if (isBefore(version, OLDEST)) {
    throw new CvatError('CVAT_TOO_OLD', `CVAT at ${client.host} is version ${version}; 2.16 or newer is needed`, {
      hint: 'Update the CVAT server.',
    });
  }
  try {
    const { username } = await client.json<{ username: string }>('GET', '/api/users/self', { signal });
    const { exporters, importers } = await client.json<WireFormats>('GET', '/api/server/annotation/formats', {
      signal,
    });
    return {
      version,
      user: username,
      formats: { exports: usableFormats(exporters), imports: usableFormats(importers) },
    };
  } catch (error) {
    if (!hasStatus(error, 401) || !isBefore(version, ACCESS_TOKENS)) throw error;
    throw new CvatError('CVAT_AUTH', `${error.message} (version ${version} knows no access tokens)`, {
      status: 401,
      hint: 'With this server use CVAT_USER and CVAT_PASSWORD; check them if you already do.',
    });
  }
}

async function readVersion(client: CvatClient, signal?: AbortSignal): Promise<string> {
  // Without credentials: wrong ones would already fail here, and then nobody knew which version refuses them.
  const about = await client
    .json<WireAbout | undefined>('GET', '/api/server/about', { anonymous: true, signal })
    .catch((error: unknown) => {
      if (hasStatus(error, 404, 405, 410)) return undefined;
      throw error;
    });
  if (typeof about?.version === 'string') return about.version;
  throw new CvatError('CVAT_NOT_CVAT', `${client.host} does not answer like a CVAT server`, {
    hint: 'Check CVAT_HOST: it is the address at which you open CVAT in the browser.',
  });
}

/** Versions look like `2.23.1`, `2.73.1-alpha`, `2.80.0+name`; one that cannot be read counts as new. */
export function isBefore(version: string, limit: { major: number; minor: number }): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) < limit.major || (Number(major) === limit.major && Number(minor) < limit.minor);
}
