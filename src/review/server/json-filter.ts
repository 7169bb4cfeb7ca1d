import { sql, type RawBuilder } from 'kysely';
import { invalidField } from './api-error.js';

/** The fields that a list can be filtered and sorted by, with what they are in SQL. */
export type Columns = Readonly<Record<string, RawBuilder<unknown>>>;

type Condition = RawBuilder<boolean>;

const comparisons: Readonly<Record<string, RawBuilder<unknown>>> = {
  '==': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};

/** Deeper than any person or client nests conditions, and shallow enough for the stack. */
const maxDepth = 20;
/** Under the number of parameters that SQLite takes. */
const maxValues = 1000;

/**
 * The condition of a `filter` parameter: JSON Logic (jsonlogic.com) with the operators that CVAT has: `and`, `or`, `!`, `!!`,
 * `var` for "has a value", comparisons (also `a <= x <= b`), and `in` for one of a list or a part of a text.
 * @throws ApiError 400 for anything else
 */
export function jsonFilter(text: string, columns: Columns): Condition {
  let logic: unknown;
  try {
    logic = JSON.parse(text);
  } catch {
    throw invalid('filter is not JSON');
  }
  return condition(logic, columns, 0);
}

function condition(logic: unknown, columns: Columns, depth: number): Condition {
  if (depth > maxDepth) throw invalid('filter is nested too deeply');
  const [operator, operand] = onlyEntry(logic);
  const operands = Array.isArray(operand) ? (operand as unknown[]) : [operand];
  if (operands.length === 0 || operands.length > maxValues) throw invalid(`'${operator}' has no fitting operands`);
  switch (operator) {
    case 'and':
    case 'or': {
      const parts = operands.map((one) => condition(one, columns, depth + 1));
      return sql<boolean>`(${sql.join(parts, operator === 'and' ? sql` and ` : sql` or `)})`;
    }
    case '!':
      return sql<boolean>`not (${condition(operands[0], columns, depth + 1)})`;
    case '!!':
      return condition(operands[0], columns, depth + 1);
    case 'var':
      return sql<boolean>`${value(logic, columns)} is not null`;
    case 'in':
      return membership(operands, columns);
    default:
      return comparison(operator, operands, columns);
  }
}

function comparison(operator: string, operands: unknown[], columns: Columns): Condition {
  const sign = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
  if (sign === undefined) throw invalid(`'${operator}' is no known operator`);
  const values = operands.map((one) => value(one, columns));
  const [one, two, three] = values;
  if (two === undefined || values.length > 3) throw invalid(`'${operator}' has no fitting operands`);
  // NULL is a value here, not a doubt.
  if (operator === '==') return sql<boolean>`${one} is ${two}`;
  if (operator === '!=') return sql<boolean>`${one} is not ${two}`;
  if (three === undefined) return sql<boolean>`${one} ${sign} ${two}`;
  return sql<boolean>`(${one} ${sign} ${two} and ${two} ${sign} ${three})`;
}

function membership([needle, hay]: unknown[], columns: Columns): Condition {
  if (!Array.isArray(hay)) {
    return sql<boolean>`instr(lower(${value(hay, columns)}), lower(${value(needle, columns)})) > 0`;
  }
  if (hay.length === 0) return sql<boolean>`0`;
  if (hay.length > maxValues) throw invalid(`'in' takes at most ${maxValues} values`);
  return sql<boolean>`${value(needle, columns)} in (${sql.join(hay.map((one) => value(one, columns)))})`;
}

/** A field, or a value as a parameter of the statement: no text of a client ever becomes SQL. */
function value(operand: unknown, columns: Columns): RawBuilder<unknown> {
  if (operand === null || typeof operand === 'string' || typeof operand === 'number') return sql`${operand}`;
  if (typeof operand === 'boolean') return sql`${operand ? 1 : 0}`;
  const [operator, name] = onlyEntry(operand);
  if (operator !== 'var' || typeof name !== 'string') throw invalid(`'${operator}' is no value`);
  return columnOf(name, columns);
}

function columnOf(name: string, columns: Columns): RawBuilder<unknown> {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column === undefined) throw invalid(`'${name}' is no field of this list`);
  return column;
}

function onlyEntry(logic: unknown): [string, unknown] {
  const entries = typeof logic === 'object' && logic !== null && !Array.isArray(logic) ? Object.entries(logic) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw invalid('a condition is an object with one operator');
  return entry;
}

function invalid(message: string) {
  return invalidField('filter', `Invalid filter: ${message}.`);
}

/** Words or "phrases" of a search. More of them than anybody types would only make the statement long. */
const maxTerms = 20;

/** The condition of a `search` parameter: each of its words is a part of one of these fields, in upper or lower case. */
export function searchFilter(text: string, fields: readonly string[], columns: Columns): Condition {
  const terms = [...text.matchAll(/"([^"]+)"|[^\s,]+/g)].map(([word, phrase]) => phrase ?? word);
  if (terms.length > maxTerms) throw invalidField('search', `At most ${maxTerms} words can be searched for.`);
  const conditions = terms.map((term) => {
    const places = fields.map((field) => sql`instr(lower(${columnOf(field, columns)}), lower(${term})) > 0`);
    return sql`(${sql.join(places, sql` or `)})`;
  });
  return conditions.length === 0 ? sql<boolean>`1` : sql<boolean>`${sql.join(conditions, sql` and `)}`;
}

/** The order that a `sort` parameter asks for: names with commas between them, each with `-` for descending. */
export function sortOrder(text: string, columns: Columns): RawBuilder<unknown> {
  const terms = text.split(',').map((term) => {
    const name = term.trim().replace(/^-/, '');
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (column === undefined) throw invalidField('sort', `'${name}' is no field that this list can be sorted by.`);
    return term.trim().startsWith('-') ? sql`${column} desc` : sql`${column} asc`;
  });
  return sql.join(terms);
}
