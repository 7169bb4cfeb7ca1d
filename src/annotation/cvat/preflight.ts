import type { CvatClient, Preflight, PreflightRequest, ProjectInfo } from '../types.js';
import { findUsers } from './assign.js';
import { CvatError, hasStatus } from './errors.js';
import { resolveFormat, yoloImportFormat } from './formats.js';
import { addLabels, ensureProject, findProject, missingLabels } from './project.js';
import { checkServer } from './server.js';

/**
 * Looks, before any work is spent, whether the server will take it: version, credentials, formats, project, assignees,
 * labels, and whether this account may make tasks there. Makes the project and the missing labels where it is told to.
 * Throws what each of these can lack: CVAT_TOO_OLD, CVAT_AUTH, CVAT_FORMAT_UNKNOWN, CVAT_PROJECT_NOT_FOUND,
 * CVAT_USER_UNKNOWN, CVAT_FORBIDDEN … Missing labels are the business of {@link mapLabels}, which knows the classes behind
 * them.
 */
export async function preflight(
  client: CvatClient,
  request: PreflightRequest,
  signal?: AbortSignal,
): Promise<Preflight> {
  const server = await checkServer(client, signal);
  resolveFormat(request.exportFormat, server.formats.exports);
  if (request.importYolo) yoloImportFormat(request.exportFormat, server.formats.imports);
  const project = request.dryRun
    ? await findProject(client, request, signal)
    : await ensureProject(client, request, signal);
  await findUsers(client, request.assignees ?? [], project?.organizationId, signal);
  if (project === undefined) return { server };
  await requireTaskCreation(client, project, signal);
  const missing = missingLabels(project, request.labels);
  if (missing.length === 0 || !request.createLabels) return { server, project };
  if (!request.dryRun) return { server, project: await addLabels(client, project, missing, signal) };
  // What the round would add counts as there.
  return { server, project: { ...project, labels: [...project.labels, ...missing.map((name) => ({ id: 0, name }))] } };
}

/**
 * CVAT has no question "may I?". A task without a name is never made, and whoever may not make one hears that before.
 */
async function requireTaskCreation(client: CvatClient, project: ProjectInfo, signal?: AbortSignal): Promise<void> {
  try {
    await client.json('POST', '/api/tasks', {
      query: { org_id: project.organizationId },
      body: { project_id: project.id },
      // Safe to repeat: it makes nothing.
      retry: true,
      signal,
    });
  } catch (error) {
    if (hasStatus(error, 400)) return;
    if (hasStatus(error, 403)) {
      throw new CvatError(
        'CVAT_FORBIDDEN',
        `This account may not make tasks in project "${project.name}": ${error.message}`,
        {
          status: 403,
          hint: error.hint,
        },
      );
    }
    throw error;
  }
}
