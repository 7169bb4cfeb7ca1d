import type { FastifyRequest } from 'fastify';
import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import { ApiError } from './api-error.js';
import { originOf } from './access/addresses.js';
import { jsonFilter, sortOrder, type Columns } from './json-filter.js';
import { integer, parse } from './validation.js';

/** CVAT's default; the official clients send no size and rely on it being small. */
const defaultPageSize = 10;
const maxPageSize = 500;

export interface Page {
  number: number;
  /** Undefined = everything on one page. */
  size: number | undefined;
  /** What the rows have to fulfil. */
  filter: RawBuilder<boolean>;
  order: RawBuilder<unknown>;
}

/** Which rows a page shows, and in which order, for SQL. */
export interface Listing {
  filter: RawBuilder<boolean>;
  order: RawBuilder<unknown>;
  /** -1 = all. */
  limit: number;
  offset: number;
}

/** The parameters that every list has. */
export const pageQuery = z.object({
  page: integer(1).optional(),
  page_size: z.union([z.literal('all'), integer(1)]).optional(),
  filter: z.string().max(10_000).optional(),
  sort: z.string().max(200).optional(),
});

/** What the request asks for, of a list that has these columns. */
export function pageOf(request: FastifyRequest, columns: Columns = { id: sql`1` }, defaultSort = '-id'): Page {
  const { page = 1, page_size: size = defaultPageSize, filter = '', sort = '' } = parse(pageQuery, request.query);
  return {
    number: page,
    size: size === 'all' ? undefined : Math.min(size, maxPageSize),
    filter: filter === '' ? sql<boolean>`1` : jsonFilter(filter, columns),
    order: sortOrder(sort || defaultSort, columns),
  };
}

export function listingOf({ number, size, filter, order }: Page): Listing {
  return { filter, order, limit: size ?? -1, offset: size === undefined ? 0 : (number - 1) * size };
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
