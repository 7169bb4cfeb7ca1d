import { z } from 'zod';
import { title } from '../validation.js';

export const labelTypes = ['any', 'rectangle', 'polygon', 'polyline', 'points', 'ellipse', 'cuboid', 'tag'] as const;

const label = {
  name: title(64),
  color: z
    .string()
    .regex(/^(#[0-9a-f]{6})?$/i, 'A colour is written as #rrggbb.')
    .optional()
    .transform((color) => color || undefined),
  type: z.enum(labelTypes),
};

/** What can be changed of a label. */
export const labelChange = z
  .object({ name: label.name.optional(), color: label.color, type: label.type.optional() })
  .transform((change) => Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)));

/** The labels in the body of a new project or task. */
export const labelsInput = z
  .array(
    z.object({
      ...label,
      type: label.type.default('any'),
      attributes: z
        .array(z.unknown())
        .refine((list) => list.length === 0, 'Attributes are not supported by this server.')
        .optional(),
    }),
  )
  .max(1000)
  .refine(
    (labels) => new Set(labels.map(({ name }) => name)).size === labels.length,
    'All label names must be unique.',
  );
