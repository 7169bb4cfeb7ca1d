/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment -- answers of any shape */
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import yauzl from 'yauzl';
import { ZipFile } from 'yazl';

/** A plain client for the tests of the review server: fetch and nothing else, so that the wire is what is tested. */
export interface Client {
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // The tests look into bodies of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Speaks to one server; plain objects go as JSON, forms as multipart. */
export function clientOf(server: { url: string; token?: string }): Client {
  return async (method, path, body, headers = {}) => {
    const isForm = body instanceof FormData;
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(server.token === undefined ? {} : { authorization: `Bearer ${server.token}` }),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  };
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** A JPEG of one colour: `shade` tells pictures apart. */
export function jpeg(shade: number, width = 64, height = 48): Promise<Buffer> {
  const background = { r: shade % 256, g: (shade * 7) % 256, b: (shade * 13) % 256 };
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

/** A form for Upload-Multiple. */
export function batch(files: Record<string, Uint8Array>, fields: Record<string, string> = { image_quality: '70' }) {
  const form = new FormData();
  for (const [index, [name, content]] of Object.entries(files).entries()) {
    form.append(`client_files[${index}]`, new Blob([new Uint8Array(content)], { type: 'image/jpeg' }), name);
  }
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

export async function makeProject(
  call: Client,
  name = 'project',
  labels = [{ name: 'person' }, { name: 'car' }],
): Promise<{ id: number; labelIds: number[] }> {
  const { body: project } = await call('POST', '/api/projects', { name, labels });
  const { body: page } = await call('GET', `/api/labels?project_id=${project.id}&page_size=all`);
  return { id: project.id as number, labelIds: (page.results as { id: number }[]).map(({ id }) => id) };
}

/** Polls a request until it is over. */
export async function settled(call: Client, id: string): Promise<Answer> {
  for (;;) {
    const answer = await call('GET', `/api/requests/${encodeURIComponent(id)}`);
    if (answer.status !== 200 || !['queued', 'started'].includes(answer.body.status as string)) return answer;
    await sleep(20);
  }
}

/** A task whose frames are ready. */
export async function makeTask(
  call: Client,
  projectId: number,
  files: Record<string, Uint8Array>,
  task: Record<string, unknown> = {},
): Promise<number> {
  const { body } = await call('POST', '/api/tasks', { name: 'task', project_id: projectId, ...task });
  await call('POST', `/api/tasks/${body.id}/data`, batch(files), { 'upload-multiple': '' });
  const finish = await call('POST', `/api/tasks/${body.id}/data`, { image_quality: 70 }, { 'upload-finish': '' });
  const { body: request } = await settled(call, finish.body.rq_id as string);
  if (request.status !== 'finished') throw new Error(`creation ${request.status}: ${request.message}`);
  return body.id as number;
}

/** A session that began with the password, as a browser or the official client holds it. */
export async function login(call: Client, password: string) {
  const { headers, body } = await call('POST', '/api/auth/login', { username: 'reviewer', password });
  const cookies = headers.getSetCookie().map((one) => one.split(';')[0] ?? '');
  const csrf = cookies.find((one) => one.startsWith('csrftoken='))?.slice('csrftoken='.length) ?? '';
  return { key: body.key as string, cookie: cookies.join('; '), csrf, setCookie: headers.getSetCookie() };
}

/** Sends an archive to `url` by the tus protocol, as the official client does, and returns how its import has ended. */
export async function importOf(
  call: Client,
  { token }: { token: string },
  { url, format, archive }: { url: string; format: string; archive: Buffer },
): Promise<{ status: string; message: string }> {
  const created = await call('POST', url, '', { 'tus-resumable': '1.0.0', 'upload-length': String(archive.length) });
  const sent = await fetch(created.headers.get('location') ?? '', {
    method: 'PATCH',
    body: new Uint8Array(archive),
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': '0',
    },
  });
  if (sent.status !== 204) throw new Error(`the archive was not taken: ${sent.status}`);
  const query = new URLSearchParams({ format, filename: created.headers.get('upload-filename') ?? '' }).toString();
  const finish = await call('POST', `${url}?${query}`, '', { 'upload-finish': '' });
  if (finish.status !== 202) throw new Error(`the import did not begin: ${finish.status}`);
  return (await settled(call, finish.body.rq_id as string)).body as { status: string; message: string };
}

/** Makes an archive. A text that begins with `@` is a symbolic link to what follows. */
export async function zipOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    const link = typeof content === 'string' && content.startsWith('@');
    const bytes = Buffer.from(link ? content.slice(1) : content);
    zip.addBuffer(bytes, name, { mode: link ? 0o120777 : 0o100644, compress: false });
  }
  zip.end();
  return buffer(zip.outputStream);
}

/** The files of an archive, read by another program than the one that wrote it. */
export async function unzip(archive: Uint8Array): Promise<Map<string, Buffer>> {
  const zip = await yauzl.fromBufferPromise(Buffer.from(archive));
  const files = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    files.set(entry.fileName, Buffer.concat(chunks));
  }
  return files;
}
