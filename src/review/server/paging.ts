import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError } from './api-error.js';
import { originOf } from './security.js';
import { integer, parse } from './validation.js';

/** CVAT's default; the official clients send no size and rely on it being small. */
const defaultPageSize = 10;
const maxPageSize = 500;

export interface Page {
  number: number;
  /** Undefined = everything on one page. */
  size: number | undefined;
}

const pageQuery = z.object({
  page: integer(1).optional(),
  page_size: z.union([z.literal('all'), integer(1)]).optional(),
  filter: z
    .string()
    .refine((text) => text === '', 'Filters in JSON Logic are not supported: use the plain parameters.')
    .optional(),
});

export function pageOf(request: FastifyRequest): Page {
  const query = parse(pageQuery, request.query);
  if (query.page_size === 'all') return { number: query.page ?? 1, size: undefined };
  return { number: query.page ?? 1, size: Math.min(query.page_size ?? defaultPageSize, maxPageSize) };
}

/** The window of rows that a page shows, for SQL. */
export function windowOf(page: Page): { limit: number; offset: number } {
  return { limit: page.size ?? -1, offset: page.size === undefined ? 0 : (page.number - 1) * page.size };
}

/**
 * A page as CVAT sends it, with absolute links to its neighbours.
 * @throws ApiError 404 for a page past the end; the first page always exists
 */
export function pageBody<Item>(request: FastifyRequest, page: Page, count: number, results: Item[]) {
  const pages = page.size === undefined ? 1 : Math.max(1, Math.ceil(count / page.size));
  if (page.number > pages) throw new ApiError(404, { detail: 'Invalid page.' });
  return {
    count,
    next: page.number < pages ? linkTo(request, page.number + 1) : null,
    previous: page.number > 1 ? linkTo(request, page.number - 1) : null,
    results,
  };
}

function linkTo(request: FastifyRequest, page: number): string {
  const url = new URL(request.url, originOf(request));
  // Page 1 is the page without a number.
  if (page === 1) url.searchParams.delete('page');
  else url.searchParams.set('page', String(page));
  url.searchParams.sort();
  return url.href;
}
