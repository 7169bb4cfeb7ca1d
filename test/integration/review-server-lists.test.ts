/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- answers of any shape */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { clientOf, jpeg, makeProject, makeTask, type Client } from './review-server-client.js';

let dataFolder: string;
let server: ReviewServer;
let call: Client;
/** Of the projects `Street` and `harbour`. */
let street: number;
let harbour: number;
/** By name. `day` has two jobs, `night` and `Fog` one each, and `empty` has no frames yet. */
const tasks: Record<string, number> = {};

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'review-lists-'));
  server = await startReviewServer({ dataFolder });
  call = clientOf(server);
  street = (await makeProject(call, 'Street')).id;
  harbour = (await makeProject(call, 'harbour')).id;
  const [a, b] = [await jpeg(1), await jpeg(2)];
  const day = { name: 'day', segment_size: 1, subset: 'train', bug_tracker: 'run-1' };
  tasks.day = await makeTask(call, street, { 'a.jpg': a, 'b.jpg': b }, day);
  tasks.night = await makeTask(call, street, { 'a.jpg': a }, { name: 'night', subset: 'val', assignee_id: 1 });
  tasks.Fog = await makeTask(call, harbour, { 'a.jpg': a }, { name: 'Fog at "night"' });
  tasks.empty = (await call('POST', '/api/tasks', { name: 'empty', project_id: harbour })).body.id as number;
  const jobs = async (name: string) =>
    (await call('GET', `/api/jobs?task_id=${tasks[name]}&sort=id`)).body.results.map((one: { id: number }) => one.id);
  const accepted = { stage: 'acceptance', state: 'completed' };
  const [first] = (await jobs('day')) as number[];
  await call('PATCH', `/api/jobs/${first}`, { ...accepted, assignee: 1 });
  for (const id of (await jobs('night')) as number[]) await call('PATCH', `/api/jobs/${id}`, accepted);
  for (const id of (await jobs('Fog')) as number[]) await call('PATCH', `/api/jobs/${id}`, { stage: 'acceptance' });
});

afterAll(async () => {
  await server.close();
  await rm(dataFolder, { recursive: true, force: true });
});

const logic = (value: unknown) => `filter=${encodeURIComponent(JSON.stringify(value))}`;
const v = (name: string) => ({ var: name });

describe('tasks are found', () => {
  const namesFor = async (query: string) => {
    const { status, body } = await call('GET', `/api/tasks?${query.includes('sort=') ? '' : 'sort=id&'}${query}`);
    expect([query, status]).toEqual([query, 200]);
    const names = body.results.map((one: { name: string }) => one.name.split(' ')[0]);
    expect(body.count).toBe(names.length);
    return names;
  };
  const all = ['day', 'night', 'Fog', 'empty'];

  // What CVAT 2.80 has by the description in its own client, and by hand what of the four tasks is to be found.
  test.each<[string, string[]]>([
    ['name=day', ['day']],
    ['project_name=harbour', ['Fog', 'empty']],
    ['subset=val', ['night']],
    ['tracker_link=run-1', ['day']],
    ['owner=reviewer', all],
    ['owner=nobody', []],
    ['assignee=reviewer', ['night']],
    ['status=annotation', ['day', 'empty']],
    ['status=validation', ['Fog']],
    ['status=completed', ['night']],
    ['mode=annotation', ['day', 'night', 'Fog']],
    ['mode=interpolation', []],
    ['media_type=image', ['day', 'night', 'Fog']],
    ['dimension=3d', []],
    ['validation_mode=gt', []],
    ['status=annotation&mode=annotation', ['day']],
    ['search=NIGHT', ['night', 'Fog']],
    ['search=harbour', ['Fog', 'empty']],
    ['search=night,street', ['night']],
    ['search=night%20street', ['night']],
    [`search=${encodeURIComponent('"Fog at"')}`, ['Fog']],
    [`search=${encodeURIComponent('"at Fog"')}`, []],
    ['search=%25', []],
    ['sort=-name', ['night', 'empty', 'day', 'Fog']],
    ['sort=status,-id', ['empty', 'day', 'night', 'Fog']],
  ])('by %s', async (query, expected) => {
    expect(await namesFor(query)).toEqual(expected);
  });

  test.each<[string, unknown, string[]]>([
    ['==', { '==': [v('name'), 'day'] }, ['day']],
    ['== null', { '==': [v('assignee'), null] }, ['day', 'Fog', 'empty']],
    ['!=', { '!=': [v('subset'), ''] }, ['day', 'night']],
    ['and', { and: [{ '==': [v('status'), 'annotation'] }, { '==': [v('mode'), 'annotation'] }] }, ['day']],
    ['or', { or: [{ '==': [v('name'), 'day'] }, { '==': [v('name'), 'empty'] }] }, ['day', 'empty']],
    ['!', { '!': { '==': [v('name'), 'day'] } }, ['night', 'Fog', 'empty']],
    ['!!', { '!!': { '==': [v('name'), 'day'] } }, ['day']],
    ['var', v('assignee'), ['night']],
    ['! var', { '!': v('assignee') }, ['day', 'Fog', 'empty']],
    ['<', { '<': [v('id'), 2] }, ['day']],
    ['<=', { '<=': [v('id'), 2] }, ['day', 'night']],
    ['>', { '>': [v('id'), 3] }, ['empty']],
    ['>=', { '>=': [v('id'), 3] }, ['Fog', 'empty']],
    ['a <= x <= b', { '<=': [2, v('id'), 3] }, ['night', 'Fog']],
    ['in a list', { in: [v('id'), [1, 4, 999]] }, ['day', 'empty']],
    ['in no list', { in: [v('id'), []] }, []],
    ['in a text', { in: ['igh', v('name')] }, ['night', 'Fog']],
    ['dates', { '>': [v('updated_date'), '2020-01-01T00:00:00Z'] }, all],
  ])('by JSON Logic: %s', async (_, rule, expected) => {
    expect(await namesFor(logic(rule))).toEqual(expected);
  });

  test.each<[string, string]>([
    ['filter', 'filter=%7Bnot-json'],
    ['filter', logic([])],
    ['filter', logic({})],
    ['filter', logic({ '==': [v('secret'), 1] })],
    ['filter', logic({ '==': [v('name')] })],
    ['filter', logic({ map: [1, 2] })],
    ['filter', logic({ and: [] })],
    ['filter', logic({ '==': [v('name'), 'a'], '!=': [v('name'), 'b'] })],
    ['filter', logic(Array.from({ length: 30 }).reduce<unknown>((inner) => ({ '!': inner }), v('name')))],
    ['sort', 'sort=secret'],
    ['search', `search=${'a%20'.repeat(30)}`],
    ['status', 'status=nonsense'],
    ['project_id', 'project_id=999'],
    ['page', 'page=0'],
    ['page_size', 'page_size=none'],
  ])('not by a %s that is none (%s)', async (field, query) => {
    const { status, body } = await call('GET', `/api/tasks?${query}`);
    expect([status, Object.keys(body as object)]).toEqual([400, [field]]);
  });
});

/** What a list gives, by one of its fields. */
const found = async (url: string, field: string) => {
  const { status, body } = await call('GET', `/api/${url}`);
  expect([url, status]).toEqual([url, 200]);
  return body.results.map((one: Record<string, unknown>) => one[field]);
};

test.each<[string, string, unknown[]]>([
  ['jobs?sort=id&stage=acceptance', 'task_name', ['day', 'night', 'Fog at "night"']],
  ['jobs?sort=id&state=completed&stage=acceptance&project_name=Street', 'task_name', ['day', 'night']],
  ['jobs?sort=id&assignee=reviewer', 'task_name', ['day']],
  ['jobs?sort=id&task_name=day', 'start_frame', [0, 1]],
  ['jobs?type=replica', 'id', []],
  ['jobs?parent_job_id=1', 'id', []],
  ['jobs?sort=id&search=street', 'task_name', ['day', 'day', 'night']],
  [`jobs?sort=id&${logic({ in: [v('stage'), ['annotation', 'validation']] })}`, 'stage', ['annotation']],
  ['projects?sort=name', 'name', ['Street', 'harbour']],
  ['projects?owner=reviewer&search=har', 'name', ['harbour']],
  ['projects?status=completed', 'name', []],
  ['labels?project_id=1', 'name', ['person', 'car']],
  ['labels?project_id=1&sort=-name', 'name', ['person', 'car']],
  ['labels?task_id=1&name=car', 'name', ['car']],
  ['labels?job_id=1&search=er', 'name', ['person']],
  ['labels?project_id=1&type=rectangle', 'name', []],
  [`labels?project_id=1&${logic({ '==': [v('color'), '#e69f00'] })}`, 'name', ['car']],
  ['requests?task_id=1&status=finished&action=create', 'id', ['action=create&target=task&target_id=1']],
  ['requests?project_id=1&sort=created_date&target=task', 'status', ['finished', 'finished']],
  ['users?search=view', 'username', ['reviewer']],
  ['users?username=nobody', 'username', []],
  [`users?${logic({ '==': [v('username'), 'reviewer'] })}`, 'username', ['reviewer']],
])('%s', async (url, field, expected) => {
  expect(await found(url, field)).toEqual(expected);
});

test('every link that a project, a task, a job or a user brings leads somewhere', async () => {
  const links = (value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, one]) => (key === 'url' && typeof one === 'string' ? one : links(one)));
  const objects = [];
  for (const url of [`projects/${street}`, `tasks/${tasks.night}`, 'jobs?page_size=all']) {
    objects.push((await call('GET', `/api/${url}`)).body);
  }
  const urls = [...new Set(links(objects))];
  const paths = urls.map((url) => new URL(url).pathname);
  expect(paths).toEqual(expect.arrayContaining(['/api/users/1', '/api/issues', '/api/labels', '/api/jobs']));
  for (const url of urls) expect([url, (await call('GET', url.slice(server.url.length))).status]).toEqual([url, 200]);
  expect((await call('GET', '/api/users/1')).body).toMatchObject({ id: 1, username: 'reviewer' });
  expect((await call('GET', '/api/users/2')).status).toBe(404);
  const none = { count: 0, next: null, previous: null, results: [] };
  expect((await call('GET', '/api/comments?issue_id=1&sort=id&search=reviewer')).body).toEqual(none);
  expect((await call('GET', `/api/issues?job_id=1&${logic({ '==': [v('resolved'), true] })}`)).body).toEqual(none);
  expect((await call('GET', '/api/issues?job_id=999')).status).toBe(400);
});

test('receivers of events and access tokens come in pages too, and are found by what they are', async () => {
  for (let index = 0; index < 12; index += 1) {
    const target_url = `http://127.0.0.1:9/${index < 10 ? 'old' : 'new'}-${index}`;
    const project_id = index < 11 ? street : harbour;
    await call('POST', '/api/webhooks', { type: 'project', project_id, events: ['update:job'], target_url });
    await call('POST', '/api/auth/access_tokens', { name: `token ${index}`, read_only: index % 2 === 0 });
  }
  for (const list of ['webhooks', 'auth/access_tokens']) {
    const ids = [...(await found(list, 'id')), ...(await found(`${list}?page=2`, 'id'))] as number[];
    expect([list, ids.length, new Set(ids).size]).toEqual([list, 12, 12]);
    expect(ids).toEqual([...ids].sort((one, other) => other - one));
  }
  expect(await found(`webhooks?project_id=${harbour}`, 'target_url')).toEqual(['http://127.0.0.1:9/new-11']);
  const [{ id }] = (await call('GET', `/api/webhooks?project_id=${harbour}`)).body.results;
  const input = { type: 'project', project_id: harbour, events: ['delete:task'], target_url: 'http://127.0.0.1:9/new' };
  const replaced = await call('PUT', `/api/webhooks/${id}`, { ...input, description: 'other' });
  expect(replaced.body).toMatchObject({ ...input, id, description: 'other' });
  expect((await call('PUT', `/api/webhooks/${id}`, { ...input, project_id: street })).status).toBe(400);
  expect((await call('PUT', `/api/webhooks/${id}`, { target_url: input.target_url })).status).toBe(400);
  expect(await found('webhooks?search=new&sort=id', 'project_id')).toEqual([street, harbour]);
  expect(await found('webhooks?type=server', 'id')).toEqual([]);
  expect(await found('auth/access_tokens?read_only=false&page_size=all', 'name')).toHaveLength(6);
  expect(await found('auth/access_tokens?name=token%203', 'read_only')).toEqual([false]);
});
