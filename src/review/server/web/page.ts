import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { systemErrorCode } from '../../../common/errors.js';
import type { Access } from '../access/access.js';

/** Where the build puts the page: beside the compiled server, also when the server is run from its sources. */
const folders = ['../../web/', '../../../../dist/review/web/'];

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but our own files, no inline code or style, no frames, no forms, no network beyond this server. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The addresses that the page shows by itself. Those of tasks and jobs are CVAT's. */
const pages = ['/', '/rounds', '/dataset', '/tasks/:id', '/tasks/:id/jobs/:job'];

/**
 * Serves the page. The link with the token, as it was printed, signs the browser in and leads on to the address without
 * the token. All files are read at the start: what is asked for is looked up by its name and never becomes a path.
 */
export async function pageRoutes(app: FastifyInstance, access: Access): Promise<void> {
  const files = await readPage();
  const index = files.get('index.html');

  for (const url of pages) {
    app.get(url, { config: { public: true } }, (request, reply) => {
      const { token: sent } = request.query as { token?: unknown };
      if (typeof sent === 'string') {
        // A wrong token leads to the page too, which then asks for the right one.
        if (access.isToken(sent)) reply.header('set-cookie', access.sessions.cookie(request));
        return reply.redirect(withoutToken(request.url), 303);
      }
      if (index === undefined) {
        return reply.code(503).type('text/plain').send('The page is not built. Run: npm run build\n');
      }
      return reply
        .headers({ 'content-security-policy': pagePolicy, 'x-frame-options': 'DENY' })
        .type(index.type)
        .send(index.content);
    });
  }
  for (const [name, { type, content }] of files) {
    if (name === 'index.html') continue;
    app.get(`/${name}`, { config: { public: true } }, (_request, reply) => {
      // The names of what Vite puts there hold a hash of the content.
      if (name.startsWith('assets/')) reply.header('cache-control', 'public, max-age=31536000, immutable');
      return reply.type(type).send(content);
    });
  }
}

function withoutToken(url: string): string {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  searchParams.delete('token');
  // One slash: with two, the rest would be the name of another server.
  return `/${pathname.replace(/^\/+/, '')}${searchParams.size > 0 ? `?${searchParams.toString()}` : ''}`;
}

async function readPage(): Promise<Map<string, { type: string; content: Buffer }>> {
  const files = new Map<string, { type: string; content: Buffer }>();
  for (const relative of folders) {
    const folder = fileURLToPath(new URL(relative, import.meta.url));
    for (const name of await listPage(folder)) {
      const type = types[path.extname(name)];
      if (type !== undefined)
        files.set(name.replaceAll(path.sep, '/'), { type, content: await readFile(path.join(folder, name)) });
    }
    if (files.has('index.html')) return files;
    files.clear();
  }
  return files;
}

async function listPage(folder: string): Promise<string[]> {
  try {
    // Beside the sources of the server there are the sources of the page, which nobody is served.
    const names = await readdir(folder, { recursive: true });
    return names.some((name) => name.startsWith('assets')) ? names : [];
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
