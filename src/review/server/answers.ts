import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { messageOf } from '../../common/errors.js';
import { ApiError } from './api-error.js';

/** CVAT's own media type; its clients read the body whatever it is called. */
const mediaType = 'application/vnd.cvat+json; charset=utf-8';

/** How bodies are read and answers and errors are written. */
export function answers(app: FastifyInstance, log: (line: object) => void): void {
  const readJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser(
    ['application/json', 'application/vnd.cvat+json'],
    { parseAs: 'string' },
    (request, body: string, done) => {
      // The official client names the type of bodies that are not there.
      if (body === '') done(null, undefined);
      else void readJson(request, body, (error, value) => done(error && jsonError(error), value));
    },
  );
  app.addHook('preSerialization', async (_request, reply, payload) => {
    if (reply.getHeader('content-type') === undefined) reply.type(mediaType);
    return payload;
  });
  app.setNotFoundHandler(() => {
    throw new ApiError(404, { detail: 'Not found.' });
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = error instanceof ApiError ? error : translated(error);
    if (answer.status >= 500) {
      log({ event: 'error', method: request.method, path: pathOf(request.url), error: messageOf(error) });
    }
    // Any JSON value, bare strings included.
    return sendJson(reply.code(answer.status).headers(answer.headers), JSON.stringify(answer.body));
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    log({ event: 'request', method, path: pathOf(url), status: reply.statusCode, ms: Math.round(reply.elapsedTime) });
  });
}

/** Sends a text that is JSON already. */
export function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.type(mediaType).send(json);
}

function jsonError(error: Error): ApiError {
  return new ApiError(400, { detail: `JSON parse error - ${error.message}` });
}

/** What the framework itself refused (too large, unknown type, broken form) keeps its status; the rest is our fault. */
function translated(error: FastifyError): ApiError {
  const status = error.statusCode ?? 500;
  if (status === 415) return new ApiError(415, { detail: 'Unsupported media type in request.' });
  if (status >= 400 && status < 500) return new ApiError(status, { detail: error.message });
  return new ApiError(500, { detail: 'Internal server error.' });
}

const pathOf = (url: string) => url.split('?')[0];
