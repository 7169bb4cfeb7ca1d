import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError, invalidField, noChoice } from './api-error.js';

const notInteger = 'A valid integer is required.';

/** An integer, or its decimal digits as forms and query strings carry it. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER) {
  const fromText = (value: unknown) =>
    typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return z.preprocess(
    fromText,
    z
      .int({ error: ({ code }) => (code === 'invalid_type' ? notInteger : undefined) })
      .min(min)
      .max(max),
  );
}

/** A boolean, or one of the spellings that forms, query strings and the official Python client use. */
export function flag() {
  const words: Record<string, boolean> = { true: true, True: true, '1': true, false: false, False: false, '0': false };
  return z.preprocess((value) => (typeof value === 'string' ? (words[value] ?? value) : value), z.boolean());
}

/** One of these, as a parameter of a list. */
export function choice(values: readonly string[]) {
  return z
    .string()
    .refine((value) => values.includes(value), { error: ({ input }) => noChoice(String(input)) })
    .meta({ enum: [...values] });
}

/** The id of another object, as a parameter of a list: anything else is no object's. */
export function objectId() {
  return z
    .string()
    .refine((value) => /^\d{1,15}$/.test(value), { error: noChoice() })
    .transform(Number);
}

/**
 * Looks whether a list is asked for what belongs to an object that exists.
 * @throws ApiError 400 where it does not, also where it was deleted, as in CVAT
 */
export async function requireObject(
  request: FastifyRequest,
  field: string,
  find: (id: number) => Promise<unknown>,
): Promise<void> {
  const { [field]: id } = parse(z.object({ [field]: objectId().optional() }), request.query);
  if (id !== undefined && (await find(id)) === undefined) throw invalidField(field, noChoice());
}

/** A name people read: trimmed, not empty, without control characters (they would reach files, logs and terminals). */
export function title(maxLength: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine(
      // Everything Unicode calls a control character, and the marks that reorder the text around them.
      (text) => !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text),
      'Control characters are not allowed.',
    );
}

/** Checks a body or a query; what does not fit is answered with 400 and CVAT's (Django REST framework's) error body. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  throw new ApiError(400, errorBody(result.error.issues, input ?? {}));
}

type Issue = z.core.$ZodIssue;

/**
 * The error body for what is wrong with `input`: messages stand in a list at the place they are about. In a list of
 * objects the good ones are `{}`; in a list of plain values the bad ones are named by their index.
 */
function errorBody(issues: readonly Issue[], input: unknown): unknown {
  const about = issues.filter((issue) => issue.path.length === 0);
  if (about.length > 0) return { non_field_errors: about.map((issue) => message(issue, input)) };
  return place(issues, input, 0);
}

function place(issues: readonly Issue[], value: unknown, depth: number): unknown {
  const here = issues.filter((issue) => issue.path.length === depth);
  if (here.length > 0) return here.map((issue) => message(issue, value));
  const byKey = new Map<string, Issue[]>();
  for (const issue of issues) {
    const key = String(issue.path[depth]);
    byKey.set(key, [...(byKey.get(key) ?? []), issue]);
  }
  const inside = (key: string) => place(byKey.get(key) ?? [], child(value, key), depth + 1);
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    return value.map((_, index) => (byKey.has(String(index)) ? inside(String(index)) : {}));
  }
  return Object.fromEntries([...byKey.keys()].map((key) => [key, inside(key)]));
}

function child(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** The wording of Django REST framework for one problem. */
function message(issue: Issue, value: unknown): string {
  if (value === undefined) return 'This field is required.';
  if (value === null) return 'This field may not be null.';
  if (issue.message === notInteger) return notInteger;
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value);
  if (issue.code === 'invalid_value') return `${JSON.stringify(value)} is not a valid choice.`;
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'This field may not be blank.';
    if (issue.origin === 'array') return `Ensure this field has at least ${issue.minimum} elements.`;
    return `Ensure this value is greater than or equal to ${issue.minimum}.`;
  }
  if (issue.code === 'too_big') {
    if (issue.origin === 'string') return `Ensure this field has no more than ${issue.maximum} characters.`;
    if (issue.origin === 'array') return `Ensure this field has no more than ${issue.maximum} elements.`;
    return `Ensure this value is less than or equal to ${issue.maximum}.`;
  }
  return issue.message;
}

function wrongType(expected: string, value: unknown): string {
  switch (expected) {
    case 'number':
      return 'A valid number is required.';
    case 'string':
      return 'Not a valid string.';
    case 'boolean':
      return 'Must be a valid boolean.';
    case 'array':
      return `Expected a list of items but got type "${typeof value}".`;
    default:
      return `Invalid data. Expected a dictionary, but got ${Array.isArray(value) ? 'list' : typeof value}.`;
  }
}
