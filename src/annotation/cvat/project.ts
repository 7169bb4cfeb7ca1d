import type { CvatClient, ProjectInfo } from '../types.js';
import { CvatError, hasStatus } from './errors.js';
import type { WireLabel, WireProject } from './wire.js';

/**
 * The project by its id if one is given; else the one with exactly this name, which is made with these labels if there
 * is none. An existing project's labels are never changed.
 * Throws CVAT_PROJECT_NOT_FOUND, CVAT_FORBIDDEN.
 */
export async function ensureProject(
  client: CvatClient,
  request: { projectId?: number; name: string; labels: string[] },
  signal?: AbortSignal,
): Promise<ProjectInfo> {
  const project =
    request.projectId === undefined
      ? ((await findByName(client, request.name, signal)) ?? (await create(client, request, signal)))
      : await readById(client, request.projectId, signal);
  const labels = await client.list<WireLabel>('/api/labels', { project_id: project.id }, signal);
  return {
    id: project.id,
    name: project.name,
    organizationId: project.organization_id ?? project.organization ?? undefined,
    labels: labels.filter(({ parent_id: parent }) => parent == null).map(({ id, name }) => ({ id, name })),
  };
}

async function readById(client: CvatClient, id: number, signal?: AbortSignal): Promise<WireProject> {
  try {
    return await client.json<WireProject>('GET', `/api/projects/${id}`, { signal });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    throw new CvatError('CVAT_PROJECT_NOT_FOUND', `There is no project ${id} in CVAT at ${client.host}`, {
      status: 404,
      hint: 'Set CVAT_PROJECT_ID to the number in the address of the project page.',
    });
  }
}

async function findByName(client: CvatClient, name: string, signal?: AbortSignal): Promise<WireProject | undefined> {
  // The server may ignore a filter that it does not know, so the name is compared here as well.
  const projects = await client.list<WireProject>('/api/projects', { name }, signal);
  return projects.filter((project) => project.name === name).sort((a, b) => a.id - b.id)[0];
}

async function create(
  client: CvatClient,
  { name, labels }: { name: string; labels: string[] },
  signal?: AbortSignal,
): Promise<WireProject> {
  const body = { name, labels: [...new Set(labels)].map((label) => ({ name: label, attributes: [] })) };
  try {
    return await client.json<WireProject>('POST', '/api/projects', { body, signal });
  } catch (error) {
    if (!(error instanceof CvatError && error.mayHaveActed)) throw error;
    const made = await findByName(client, name, signal);
    if (made === undefined) throw error;
    return made;
  }
}

/**
 * Label ids of the project by label name, for every one of `labels`.
 * Throws CVAT_LABEL_MISSING, which names those that the project has not and those that it has.
 */
export function mapLabels(project: ProjectInfo, labels: readonly string[]): Map<string, number> {
  const ids = new Map(project.labels.map(({ id, name }) => [name, id]));
  const missing = [...new Set(labels)].filter((label) => !ids.has(label));
  if (missing.length > 0) {
    const own = project.labels.map(({ name }) => name).join(', ') || 'none';
    throw new CvatError('CVAT_LABEL_MISSING', `Project "${project.name}" in CVAT has no label ${missing.join(', ')}`, {
      hint: `Add it to the project, or use a model with the project's labels: ${own}.`,
    });
  }
  return new Map(labels.map((label) => [label, ids.get(label)!]));
}
