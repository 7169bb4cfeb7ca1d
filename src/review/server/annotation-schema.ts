import { z } from 'zod';
import type { AnnotationRow } from './store/schema.js';
import { integer, parse } from './validation.js';

/** How many numbers the points of a shape are: exactly, or at least and even. CVAT itself checks nothing here. */
const pointCounts: Record<string, { exactly: number } | { atLeast: number }> = {
  rectangle: { exactly: 4 },
  ellipse: { exactly: 4 },
  cuboid: { exactly: 16 },
  polygon: { atLeast: 6 },
  polyline: { atLeast: 4 },
  points: { atLeast: 2 },
};

const nothing = (what: string) =>
  z
    .array(z.unknown())
    .refine((list) => list.length === 0, `${what} are not supported by this server.`)
    .default([]);

const annotation = {
  id: integer(0).nullish(),
  frame: integer(0),
  label_id: integer(0),
  group: integer(0).nullable().default(0),
  source: z.string().max(16).default('manual'),
  attributes: nothing('Attributes'),
};

const shape = z
  .object({
    ...annotation,
    type: z.enum(['rectangle', 'polygon', 'polyline', 'points', 'ellipse', 'cuboid']),
    occluded: z.boolean().default(false),
    outside: z.boolean().default(false),
    z_order: integer(Number.MIN_SAFE_INTEGER).default(0),
    rotation: z.number().min(0).max(360).default(0),
    points: z.array(z.number()).max(20_000),
    score: z.number().min(0).max(1).default(1),
    elements: nothing('Skeletons'),
  })
  .check(({ value, issues }) => {
    const count = pointCounts[value.type];
    const given = value.points.length;
    if (count === undefined) return;
    if ('exactly' in count ? given === count.exactly : given >= count.atLeast && given % 2 === 0) return;
    const wanted = 'exactly' in count ? `${count.exactly} numbers` : `at least ${count.atLeast} numbers, in pairs`;
    const message = `invalid length: a ${value.type} takes ${wanted}, got ${given}`;
    issues.push({ code: 'custom', message, input: value.points, path: ['points'] });
  });

const tag = z.object(annotation);

export const labelledData = z.object({
  shapes: z.array(shape).default([]),
  tags: z.array(tag).default([]),
  tracks: nothing('Tracks'),
});

/** One annotation of a request, split into what the tables know and the rest. */
export interface AnnotationInput {
  kind: AnnotationRow['kind'];
  id: number | null | undefined;
  frame: number;
  labelId: number;
  body: Record<string, unknown>;
}

/** The annotations in the body of a request, tags first. Lists that are not there are empty. */
export function parseAnnotations(input: unknown): AnnotationInput[] {
  const { shapes, tags } = parse(labelledData, input);
  return [
    ...tags.map(({ id, frame, label_id, ...body }) => ({ kind: 'tag' as const, id, frame, labelId: label_id, body })),
    ...shapes.map(({ id, frame, label_id, ...body }) => ({
      kind: 'shape' as const,
      id,
      frame,
      labelId: label_id,
      body,
    })),
  ];
}

/** A shape as it is stored in the body column. */
export interface StoredShape {
  type: string;
  points: number[];
  rotation: number;
  occluded: boolean;
}

/** Rows as CVAT sends them, as JSON. The rest of each is JSON already, and a long job has ten thousand of them. */
export function annotationsJson(rows: readonly AnnotationRow[]): string {
  const listOf = (wanted: AnnotationRow['kind']) =>
    rows
      .filter(({ kind }) => kind === wanted)
      // The body is an object with at least one key, and without these three.
      .map(({ id, frame, label_id, body }) => `{"id":${id},"frame":${frame},"label_id":${label_id},${body.slice(1)}`)
      .join(',');
  return `{"version":0,"tags":[${listOf('tag')}],"shapes":[${listOf('shape')}],"tracks":[]}`;
}
