import type { FastifyRequest } from 'fastify';
import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import { ApiError } from './api-error.js';
import { originOf } from './access/addresses.js';
import { jsonFilter, searchFilter, sortOrder, type Columns } from './json-filter.js';
import type { Store } from './store/database.js';
import { integer, parse } from './validation.js';

/** CVAT's default; the official clients send no size and rely on it being small. */
const defaultPageSize = 10;
const maxPageSize = 500;

/** What a list can be asked by. Names are CVAT's. */
export interface ListFields {
  /** For `filter` and `sort`. */
  columns: Columns;
  /** Where `search` looks. */
  search?: readonly string[];
  /** Parameters that ask for one value of the column of their name. */
  query?: z.ZodObject;
  /** Newest first where nothing is said. */
  defaultSort?: string;
}

export interface Page {
  number: number;
  /** Undefined = everything on one page. */
  size: number | undefined;
  /** What the rows have to fulfil. */
  filter: RawBuilder<boolean>;
  order: RawBuilder<unknown>;
}

const pageQuery = z.object({
  page: integer(1).optional(),
  page_size: z.union([z.literal('all'), integer(1)]).optional(),
  filter: z.string().max(10_000).optional(),
  sort: z.string().max(200).optional(),
});
const searchQuery = pageQuery.extend({ search: z.string().max(1000).optional() });

/** The parameters of a list. */
export function listQuery({ search, query }: ListFields): z.ZodObject {
  return (search === undefined ? pageQuery : searchQuery).extend(query?.shape ?? {});
}

/** What the request asks for. @throws ApiError 400 */
export function pageOf(request: FastifyRequest, { columns, search, query, defaultSort = '-id' }: ListFields): Page {
  const asked = parse(searchQuery, request.query);
  const conditions: RawBuilder<boolean>[] = [];
  for (const [name, value] of Object.entries(query === undefined ? {} : parse(query, request.query))) {
    const column = columns[name];
    if (value !== undefined && column !== undefined) conditions.push(sql<boolean>`${column} = ${value}`);
  }
  if (search !== undefined && asked.search) conditions.push(searchFilter(asked.search, search, columns));
  if (asked.filter) conditions.push(jsonFilter(asked.filter, columns));
  const { page = 1, page_size: size = defaultPageSize } = asked;
  return {
    number: page,
    size: size === 'all' ? undefined : Math.min(size, maxPageSize),
    filter: conditions.length === 0 ? sql<boolean>`1` : sql<boolean>`${sql.join(conditions, sql` and `)}`,
    order: sortOrder(asked.sort || defaultSort, columns),
  };
}

/** The rows of a page, and how many there are on all pages. `from` is a table, or tables that are joined. */
export async function rowsOf<Row>(
  store: Store,
  { number, size, filter, order }: Page,
  from: RawBuilder<unknown>,
  select: RawBuilder<unknown> = sql`*`,
): Promise<{ count: number; rows: Row[] }> {
  const counted = await sql<{ count: number }>`select count(*) as count from ${from} where ${filter}`.execute(store);
  // -1 = all.
  const [limit, offset] = size === undefined ? [-1, 0] : [size, (number - 1) * size];
  const { rows } =
    await sql<Row>`select ${select} from ${from} where ${filter} order by ${order} limit ${limit} offset ${offset}`.execute(
      store,
    );
  return { count: counted.rows[0]?.count ?? 0, rows };
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
