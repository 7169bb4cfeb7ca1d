import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCvatClient, preflight, type CvatClient, type ProjectInfo } from '../../src/annotation/index.js';
import { startReviewServer, type ReviewServer } from '../../src/review/server/index.js';
import { startFaultyProxy } from '../helpers/faulty-proxy.js';
import { temporaryFolder } from '../helpers/programs.js';

const ROUNDS = 4;

let remove: () => Promise<void>;
let server: ReviewServer;
let cvat: CvatClient;

beforeAll(async () => {
  const temporary = await temporaryFolder('project');
  remove = temporary.remove;
  server = await startReviewServer({ dataFolder: temporary.folder });
  cvat = createCvatClient({ host: server.url, token: server.token });
});
afterAll(async () => {
  await server?.close();
  await remove?.();
});

/** So many rounds that prepare the project together: none gets a request of this kind through before all have sent it. */
async function prepareTogether(
  name: string,
  kind: RegExp,
  labelsOf: (round: number) => string[],
): Promise<ProjectInfo[]> {
  let sent = 0;
  let release = () => {};
  const all = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
  const proxy = await startFaultyProxy(server.url, ({ method, url }) => {
    if (!kind.test(`${method} ${url}`)) return undefined;
    if ((sent += 1) === ROUNDS) release();
    return all;
  });
  try {
    const rounds = Array.from({ length: ROUNDS }, async (_, round) => {
      const client = createCvatClient({ host: proxy.url, token: server.token }, { retryDelayMs: 20 });
      const { project } = await preflight(client, {
        ...{ name, labels: labelsOf(round), createLabels: true, exportFormat: 'YOLO 1.1', importYolo: false },
      });
      return project!;
    });
    return await Promise.all(rounds);
  } finally {
    await proxy.close();
  }
}

async function expectOneProject(name: string, labels: string[], prepared: readonly ProjectInfo[]): Promise<void> {
  const projects = await cvat.list<{ id: number }>('/api/projects', { name });
  expect(projects).toHaveLength(1);
  const { id } = projects[0]!;
  expect(prepared.map((project) => project.id)).toEqual(prepared.map(() => id));
  const own = await cvat.list<{ name: string }>('/api/labels', { project_id: id });
  expect(own.map((label) => label.name).sort()).toEqual(labels);
}

describe('rounds that begin at the same moment', () => {
  it('make one project with one set of labels', async () => {
    const prepared = await prepareTogether('new', /^POST \/api\/projects/, () => ['ball', 'player']);
    await expectOneProject('new', ['ball', 'player'], prepared);
    expect(new Set(prepared.map(({ labels }) => JSON.stringify(labels))).size).toBe(1);
    // Those of a second project would be in the list of all labels.
    expect(await cvat.list('/api/labels')).toHaveLength(2);
  });

  it('add a label that they all lack once, and each the one that only it lacks', async () => {
    const body = { name: 'old', labels: [{ name: 'ball', attributes: [] }] };
    await cvat.json('POST', '/api/projects', { body });
    const own = (round: number) => `own-${round}`;
    const prepared = await prepareTogether('old', /^PATCH \/api\/projects/, (round) => ['ball', 'player', own(round)]);
    const labels = ['ball', ...Array.from({ length: ROUNDS }, (_, round) => own(round)), 'player'];
    await expectOneProject('old', labels, prepared);
    for (const [round, project] of prepared.entries()) {
      expect(project.labels.map(({ name }) => name)).toEqual(expect.arrayContaining(['ball', 'player', own(round)]));
    }
  });
});
