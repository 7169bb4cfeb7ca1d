import { z } from 'zod';
import { labelledData } from '../annotation-schema.js';
import { dataRequest } from '../create-task.js';
import { listQuery } from '../paging.js';
import { loginInput, newToken, tokenChange, tokenList } from '../routes/auth.js';
import { exportQuery } from '../routes/export.js';
import { frameQuery, metaChange } from '../routes/frames.js';
import { importQuery } from '../routes/import.js';
import { commentList, issueList } from '../routes/issues.js';
import { jobChange, jobList } from '../routes/jobs.js';
import { labelChange } from '../routes/label-input.js';
import { labelList, labelOwner } from '../routes/labels.js';
import { newProject, projectChange, projectList } from '../routes/projects.js';
import { requestList } from '../routes/requests.js';
import { userList } from '../routes/server.js';
import { newTask, taskChange, taskList } from '../routes/tasks.js';
import { deliveryList, newWebhook, webhookList } from '../routes/webhooks.js';
import { aroundQuery } from '../web/routes.js';

/** What the description says about a route beyond its method and path. The schemas are those that check the requests. */
export interface Operation {
  summary: string;
  /** Status of success; 200 where nothing is said. */
  status?: number;
  query?: z.ZodType;
  body?: z.ZodType;
}

const rqId = z.object({ rq_id: z.string() });
const action = z.object({ action: z.enum(['create', 'update', 'delete']) });

/** Of tasks and of jobs alike. */
function ofFrames(owner: 'tasks' | 'jobs', one: string): Record<string, Operation> {
  const url = `/api/${owner}/{id}`;
  return {
    [`GET ${url}/annotations`]: { summary: `The annotations of ${one}` },
    [`PUT ${url}/annotations`]: { summary: `Take these in place of all annotations of ${one}`, body: labelledData },
    [`PATCH ${url}/annotations`]: {
      summary: `Add, change or remove annotations of ${one}`,
      ...{ query: action, body: labelledData },
    },
    [`DELETE ${url}/annotations`]: { summary: `Remove all annotations of ${one}`, status: 204 },
    [`POST ${url}/annotations`]: {
      summary: `Import annotations into ${one}: Upload-Start, a tus upload, Upload-Finish`,
      ...{ status: 202, query: importQuery },
    },
    [`HEAD ${url}/annotations/{file}`]: { summary: 'How much of an archive has arrived' },
    [`PATCH ${url}/annotations/{file}`]: { summary: 'Send a piece of an archive (tus)', status: 204 },
    [`GET ${url}/data`]: { summary: `A frame, a chunk or a preview of ${one}`, query: frameQuery },
    [`GET ${url}/data/meta`]: { summary: `Names and sizes of the frames of ${one}` },
    [`PATCH ${url}/data/meta`]: { summary: `Say which frames of ${one} are left out`, body: metaChange },
    [`GET ${url}/preview`]: { summary: `A small picture of the first frame of ${one}` },
    ...exportsOf(owner, one),
  };
}

function exportsOf(owner: string, one: string): Record<string, Operation> {
  const url = `/api/${owner}/{id}/dataset`;
  return {
    [`POST ${url}/export`]: { summary: `Begin the export of ${one}`, status: 202, query: exportQuery },
    [`GET ${url}/download`]: { summary: `The archive of a finished export of ${one}`, query: rqId },
  };
}

/** Every route of the API, by method and path. */
export const operations: Readonly<Record<string, Operation>> = {
  'GET /api/schema': { summary: 'This description' },
  'GET /api/server/about': { summary: 'Name and version of the server' },
  'GET /api/server/annotation/formats': { summary: 'The formats that can be imported and exported' },
  'POST /api/auth/login': { summary: 'Sign in with the password', body: loginInput },
  'POST /api/auth/logout': { summary: 'End the session or the key of a login' },
  'GET /api/auth/access_tokens': { summary: 'The access tokens that were made', query: listQuery(tokenList) },
  'POST /api/auth/access_tokens': { summary: 'Make an access token', status: 201, body: newToken },
  'GET /api/auth/access_tokens/self': { summary: 'The access token of this request' },
  'GET /api/auth/access_tokens/{id}': { summary: 'An access token, without its value' },
  'PATCH /api/auth/access_tokens/{id}': { summary: 'Change an access token', body: tokenChange },
  'DELETE /api/auth/access_tokens/{id}': { summary: 'Take an access token back', status: 204 },
  'GET /api/users': { summary: 'The user', query: listQuery(userList) },
  'GET /api/users/{id}': { summary: 'The user, by the id that other objects name' },
  'GET /api/users/self': { summary: 'Who this request comes from' },
  'GET /api/projects': { summary: 'Projects', query: listQuery(projectList) },
  'POST /api/projects': { summary: 'Make a project', status: 201, body: newProject },
  'GET /api/projects/{id}': { summary: 'A project' },
  'PATCH /api/projects/{id}': { summary: 'Change a project or its labels', body: projectChange },
  'DELETE /api/projects/{id}': { summary: 'Remove a project with its tasks', status: 204 },
  'GET /api/projects/{id}/preview': { summary: 'A small picture of the first frame of a project' },
  'POST /api/projects/{id}/dataset': {
    summary: 'Make tasks of the parts of a dataset: Upload-Start, a tus upload, Upload-Finish',
    ...{ status: 202, query: importQuery.omit({ import_mode: true }) },
  },
  'HEAD /api/projects/{id}/dataset/{file}': { summary: 'How much of a dataset has arrived' },
  'PATCH /api/projects/{id}/dataset/{file}': { summary: 'Send a piece of a dataset (tus)', status: 204 },
  ...exportsOf('projects', 'a project'),
  'GET /api/labels': { summary: 'Labels', query: listQuery(labelList).extend(labelOwner.shape) },
  'GET /api/labels/{id}': { summary: 'A label' },
  'PATCH /api/labels/{id}': { summary: 'Change a label', body: labelChange },
  'DELETE /api/labels/{id}': { summary: 'Remove a label with its annotations', status: 204 },
  'GET /api/tasks': { summary: 'Tasks', query: listQuery(taskList) },
  'POST /api/tasks': { summary: 'Make a task', status: 201, body: newTask },
  'GET /api/tasks/{id}': { summary: 'A task' },
  'PATCH /api/tasks/{id}': { summary: 'Change a task', body: taskChange },
  'DELETE /api/tasks/{id}': { summary: 'Remove a task', status: 204 },
  'POST /api/tasks/{id}/data': {
    summary: 'Upload pictures: Upload-Start, Upload-Multiple or tus, Upload-Finish (whose body this is)',
    ...{ status: 202, body: dataRequest },
  },
  'HEAD /api/tasks/{id}/data/{file}': { summary: 'How much of a picture has arrived' },
  'PATCH /api/tasks/{id}/data/{file}': { summary: 'Send a piece of a picture (tus)', status: 204 },
  ...ofFrames('tasks', 'a task'),
  'GET /api/jobs': { summary: 'Jobs', query: listQuery(jobList) },
  'GET /api/jobs/{id}': { summary: 'A job' },
  'PATCH /api/jobs/{id}': { summary: 'Change the stage, state or assignee of a job', body: jobChange },
  ...ofFrames('jobs', 'a job'),
  'GET /api/issues': { summary: 'Issues, of which there are none', query: listQuery(issueList) },
  'GET /api/comments': { summary: 'Comments, of which there are none', query: listQuery(commentList) },
  'GET /api/requests': { summary: 'Work that goes on behind an answer 202', query: listQuery(requestList) },
  'GET /api/requests/{id}': { summary: 'How far such work is' },
  'POST /api/requests/{id}/cancel': { summary: 'Take work back that has not begun, or an export' },
  'GET /api/webhooks': { summary: 'Receivers of events', query: listQuery(webhookList) },
  'POST /api/webhooks': { summary: 'Register a receiver', status: 201, body: newWebhook },
  'GET /api/webhooks/events': { summary: 'The events there are' },
  'GET /api/webhooks/{id}': { summary: 'A receiver' },
  'PUT /api/webhooks/{id}': { summary: 'Take this in place of a receiver', body: newWebhook },
  'PATCH /api/webhooks/{id}': {
    summary: 'Change a receiver',
    body: newWebhook.omit({ type: true, project_id: true }).partial(),
  },
  'DELETE /api/webhooks/{id}': { summary: 'Remove a receiver', status: 204 },
  'POST /api/webhooks/{id}/ping': { summary: 'Send a receiver a ping; the answer is the delivery' },
  'GET /api/webhooks/{id}/deliveries': { summary: 'What was sent to a receiver', query: listQuery(deliveryList) },
  'GET /api/webhooks/{id}/deliveries/{delivery}': { summary: 'One message to a receiver' },
  'POST /api/webhooks/{id}/deliveries/{delivery}/redelivery': { summary: 'Send a message once more' },
  'GET /api/frameloop/session': { summary: 'Whether this browser is signed in' },
  'POST /api/frameloop/session': { summary: 'Sign a browser in', status: 204, body: z.object({ token: z.string() }) },
  'GET /api/frameloop/rounds': { summary: 'The rounds of the pipeline' },
  'GET /api/frameloop/jobs/{id}/annotations': {
    summary: 'The annotations of the frames of a job around one of them, by its index in the job',
    query: aroundQuery,
  },
  'GET /api/frameloop/jobs/{id}/reasons': { summary: 'Why the frames of a job were chosen' },
  'GET /api/frameloop/tasks/{id}/thumbnails/{frame}': { summary: 'A small picture of a frame' },
  'GET /api/frameloop/dataset': { summary: 'What is in the dataset' },
  'GET /api/frameloop/dataset/frames': { summary: 'Frames of the dataset' },
  'GET /api/frameloop/dataset/frames/{frameId}/thumbnail': { summary: 'A small picture of a frame of the dataset' },
};
