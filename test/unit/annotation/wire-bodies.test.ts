import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeBatch } from '../../../src/annotation/cvat/batches.js';
import { authorization, normaliseHost, secretsRemover } from '../../../src/annotation/cvat/credentials.js';
import { resultPath } from '../../../src/annotation/cvat/export.js';
import { multipartBody } from '../../../src/annotation/cvat/multipart.js';
import { failureMessage } from '../../../src/annotation/cvat/requests.js';
import { parseRetryAfter } from '../../../src/annotation/cvat/retry-after.js';
import { temporaryFolder } from '../../helpers/programs.js';
import { exchange, recordsAreThere } from './recorded.js';

describe('a multipart body', () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ folder, remove } = await temporaryFolder('multipart'));
  });
  afterAll(() => remove());

  async function fileOf(field: string, name: string, content: Buffer) {
    const file = path.join(folder, field);
    await writeFile(file, content);
    return { field, name, contentType: 'image/jpeg', file, sizeBytes: content.length };
  }

  it('is what another implementation (Node’s fetch) reads back: fields, file names, bytes', async () => {
    // Line ends and dashes in the content must not end a part.
    const contents = [0, 1].map((n) => Buffer.from([0xff, 0xd8, 13, 10, 45, 45, n, 13, 10]));
    const files = await Promise.all(
      contents.map((content, n) => fileOf(`client_files[${n}]`, `youtube-a_00000000${n}.jpg`, content)),
    );
    const { contentType, bytes } = await multipartBody({ image_quality: '95', é: 'ü' }, files, 'boundary-1');
    const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
    expect(form.get('image_quality')).toBe('95');
    expect(form.get('é')).toBe('ü');
    for (const [n, { field, name }] of files.entries()) {
      const file = form.get(field) as File;
      expect(file.name).toBe(name);
      expect(file.type).toBe('image/jpeg');
      expect(Buffer.from(await file.arrayBuffer())).toEqual(contents[n]);
    }
  });

  it('keeps a name with quotes and line ends inside its header', async () => {
    const file = await fileOf('f', 'a"\r\nX: y.jpg', Buffer.alloc(0));
    const { bytes } = await multipartBody({}, [file], 'b');
    expect(bytes.toString()).toContain('filename="a%22%0D%0AX: y.jpg"');
  });

  it.each([-1, 1])('is not made of a file whose size is not the one that was seen (%i bytes)', async (more) => {
    const file = await fileOf('f', 'a.jpg', Buffer.alloc(10));
    const changed = { ...file, sizeBytes: file.sizeBytes - more };
    await expect(multipartBody({}, [changed], 'b')).rejects.toThrow(/changed while it was being sent/);
  });
});

describe('batches', () => {
  const limits = { batchFiles: 100, batchBytes: 25 * 1024 * 1024 };
  const planBatches = <T extends { sizeBytes: number }>(files: readonly T[]): T[][] => {
    const batches: T[][] = [];
    for (let rest = files; rest.length > 0; rest = rest.slice(batches.at(-1)!.length)) {
      batches.push(takeBatch(rest, limits));
    }
    return batches;
  };

  it('hold at most 100 files and 25 MiB, keep the order and lose nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 * 1024 * 1024 }), { maxLength: 450 }), (sizes) => {
        const files = sizes.map((sizeBytes, index) => ({ sizeBytes, index }));
        const batches = planBatches(files);
        expect(batches.flat()).toEqual(files);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(100);
          const bytes = batch.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
          if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(25 * 1024 * 1024);
        }
      }),
    );
  });

  it('are as few as the limits allow: 250 small files in three', () => {
    const files = Array.from({ length: 250 }, () => ({ sizeBytes: 1000 }));
    expect(planBatches(files).map((batch) => batch.length)).toEqual([100, 100, 50]);
  });
});

describe('the address of the server', () => {
  it.each([
    ['https://app.cvat.ai', 'https://app.cvat.ai'],
    ['app.cvat.ai/', 'https://app.cvat.ai'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://h/cvat/', 'http://h/cvat'],
  ])('%s → %s', (given, expected) => {
    expect(normaliseHost(given)).toBe(expected);
  });

  it.each(['', 'ftp://h', 'https://', 'https://user:geheim@h'])('%s is refused, without repeating it', (given) => {
    expect(() => normaliseHost(given)).toThrow(expect.objectContaining({ code: 'CVAT_HOST_INVALID' }) as Error);
    expect(() => normaliseHost(given)).not.toThrow(/geheim/);
  });
});

describe('credentials', () => {
  // RFC 7617's own example.
  it('Basic from user and password', () => {
    expect(authorization({ host: 'h', user: 'Aladdin', password: 'open sesame' })).toBe(
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    );
  });

  it('a token goes before user and password; none of both is no header', () => {
    expect(authorization({ host: 'h', token: 't0', user: 'u', password: 'p' })).toBe('Bearer t0');
    expect(authorization({ host: 'h', token: '', user: '' })).toBeUndefined();
  });

  it('a token that cannot be one is refused before it is sent', () => {
    expect(() => authorization({ host: 'h', token: 'a\nb' })).toThrow(
      expect.objectContaining({ code: 'CVAT_AUTH' }) as Error,
    );
  });

  it('are taken out of every text', () => {
    const clean = secretsRemover({ host: 'h', user: 'Aladdin', password: 'open sesame' });
    expect(clean('x open sesame QWxhZGRpbjpvcGVuIHNlc2FtZQ== y')).toBe('x *** *** y');
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-25T03:00:00Z');
  it.each([
    ['10', 10_000],
    ['0', 0],
    ['Wed, 25 Nov 2026 03:00:04 GMT', 4000],
    ['Wed, 25 Nov 2026 02:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('%s → %s ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });
});

describe('a result’s address', () => {
  it.each([
    ['http://cvat.internal/api/requests/x%3D1/result?a=b+c', '/api/requests/x%3D1/result?a=b+c'],
    [
      'https://h/cvat/api/tasks/7/dataset/download?rq_id=action%3Dexport',
      '/api/tasks/7/dataset/download?rq_id=action%3Dexport',
    ],
    ['/api/x?y=1', '/api/x?y=1'],
  ])('%s is fetched as %s from the configured host', (url, expected) => {
    expect(resultPath(url)).toBe(expected);
  });

  it.skipIf(!recordsAreThere)('of a real 2.23 is used as given', () => {
    const { response } = exchange('12_export_staleness', 'request after the annotations changed');
    const { result_url: url } = response.body as { result_url: string };
    expect(`http://cvat.local${resultPath(url)}`).toBe(url);
  });
});

describe('why a background request failed', () => {
  it('is told without the server’s folders', () => {
    const message =
      "PIL.UnidentifiedImageError: cannot identify image file '/home/django/data/data/7/raw/broken.jpg'\n";
    expect(failureMessage({ id: 'x', status: 'failed', message })).toBe(
      "PIL.UnidentifiedImageError: cannot identify image file 'broken.jpg'",
    );
    expect(failureMessage({ id: 'x', status: 'failed', message: '' })).toBe('no reason given');
  });
});
