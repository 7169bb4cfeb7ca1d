import type { CvatClient, ProjectInfo, ProjectRequest } from '../types.js';
import { CvatError, hasStatus } from './errors.js';
import { wait } from './wait.js';
import type { WireLabel, WireProject, WireTask } from './wire.js';

/**
 * The project by its id if one is given; else the one with exactly this name, which is made with these labels if there
 * is none. An existing project's labels are not changed.
 * Throws CVAT_PROJECT_NOT_FOUND, CVAT_FORBIDDEN.
 */
export async function ensureProject(
  client: CvatClient,
  request: ProjectRequest,
  signal?: AbortSignal,
): Promise<ProjectInfo> {
  const found = await findProject(client, request, signal);
  return found ?? describeProject(client, await create(client, request, signal), signal);
}

/**
 * The project by its id, or by its name; `undefined` if there is none of that name.
 * Throws CVAT_PROJECT_NOT_FOUND for an id that there is not.
 */
export async function findProject(
  client: CvatClient,
  { projectId, name }: Pick<ProjectRequest, 'projectId' | 'name'>,
  signal?: AbortSignal,
): Promise<ProjectInfo | undefined> {
  const project =
    projectId === undefined ? await findByName(client, name, signal) : await readById(client, projectId, signal);
  return project && describeProject(client, project, signal);
}

async function describeProject(client: CvatClient, project: WireProject, signal?: AbortSignal): Promise<ProjectInfo> {
  const labels = await client.list<WireLabel>('/api/labels', { project_id: project.id }, signal);
  return {
    id: project.id,
    name: project.name,
    organizationId: project.organization_id ?? project.organization ?? undefined,
    labels: labels.filter(holdsBoxes).map(({ id, name }) => ({ id, name })),
  };
}

/** Labels can be bound to one kind of shape, and parts of skeletons are no labels of their own. */
function holdsBoxes({ parent_id: parent, type = 'any' }: WireLabel): boolean {
  return parent == null && (type === 'any' || type === 'rectangle');
}

/** Rounds that begin together add the same labels, and get in each other's way at most so many times. */
const LABEL_TRIES = 5;

/**
 * Adds those of the labels that a project has not; those that it has are not touched.
 * @returns the project as it is then
 */
export async function addLabels(
  client: CvatClient,
  project: ProjectInfo,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ProjectInfo> {
  const readAgain = async () => describeProject(client, await readById(client, project.id, signal), signal);
  let known = project;
  for (let attempt = 1; ; attempt++) {
    const missing = missingLabels(known, names);
    if (missing.length === 0) return known;
    const labels = missing.map((name) => ({ name, attributes: [] }));
    try {
      await client.json('PATCH', `/api/projects/${project.id}`, { body: { labels }, signal });
      return await readAgain();
    } catch (error) {
      // After a lost answer they may be there; and with one that somebody else has just added, all are refused.
      if (!(error instanceof CvatError && (error.mayHaveActed || error.status === 400))) throw error;
      known = await readAgain();
      if (attempt === LABEL_TRIES || missingLabels(known, names).length === missing.length) throw error;
    }
  }
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

/**
 * Makes the project. CVAT does not keep names unique, so that two rounds which begin together, on whatever hosts, may each
 * make one: then the oldest is the project of all of them, and who made another one takes it away.
 */
async function create(
  client: CvatClient,
  { name, labels }: { name: string; labels: string[] },
  signal?: AbortSignal,
): Promise<WireProject> {
  const body = { name, labels: [...new Set(labels)].map((label) => ({ name: label, attributes: [] })) };
  let made: WireProject | undefined;
  let failure: unknown;
  try {
    made = await client.json<WireProject>('POST', '/api/projects', { body, signal });
  } catch (error) {
    if (!(error instanceof CvatError && error.mayHaveActed)) throw error;
    failure = error;
  }
  // A lower number may have been given out before ours, and its project come to light after it.
  await wait(client.tuning.retryDelayMs, signal);
  const oldest = await findByName(client, name, signal);
  if (oldest === undefined) {
    if (made === undefined) throw failure;
    return made;
  }
  if (made !== undefined && made.id !== oldest.id) await deleteUnused(client, made.id, signal);
  return oldest;
}

/** Deletes a project that nobody has put a task into; where that is not allowed, it stays behind and is not used. */
async function deleteUnused(client: CvatClient, projectId: number, signal?: AbortSignal): Promise<void> {
  const tasks = await client.list<WireTask>('/api/tasks', { project_id: projectId }, signal);
  if (tasks.some(({ project_id: owner = projectId }) => owner === projectId)) return;
  try {
    await client.json('DELETE', `/api/projects/${projectId}`, { signal });
  } catch (error) {
    if (!hasStatus(error, 403, 404)) throw error;
  }
}

/**
 * Label ids of the project by class of the model, for every one of `classes`. `names` says which label a class has where
 * it is not of the same name.
 * Throws CVAT_LABEL_MISSING, which names those that the project has not and those that it has.
 */
export function mapLabels(
  project: ProjectInfo,
  classes: readonly string[],
  names: Readonly<Record<string, string>> = {},
): Map<string, number> {
  const missing = missingLabels(project, labelsFor(classes, names));
  if (missing.length > 0) {
    const own = project.labels.map(({ name }) => name).join(', ') || 'none';
    throw new CvatError(
      'CVAT_LABEL_MISSING',
      `Project "${project.name}" in CVAT has no label for boxes named ${missing.join(', ')}`,
      { hint: `Map the class to one of its labels with cvat.labels, or set cvat.create_labels. It has: ${own}.` },
    );
  }
  const ids = new Map(project.labels.map(({ id, name }) => [name, id]));
  return new Map(classes.map((each) => [each, ids.get(labelFor(each, names))!]));
}

/** The labels that the classes of a model have in the project, each once. */
export function labelsFor(classes: readonly string[], names: Readonly<Record<string, string>>): string[] {
  return [...new Set(classes.map((each) => labelFor(each, names)))];
}

export function missingLabels(project: ProjectInfo, labels: readonly string[]): string[] {
  const known = new Set(project.labels.map(({ name }) => name));
  return labels.filter((label) => !known.has(label));
}

function labelFor(name: string, names: Readonly<Record<string, string>>): string {
  // A class called "constructor" must not find what every object has.
  return Object.hasOwn(names, name) ? names[name]! : name;
}
