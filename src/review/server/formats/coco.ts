import { z } from 'zod';
import {
  requireFewShapes,
  stemOf,
  type DatasetExport,
  type DatasetImport,
  type ImportedShape,
  type Layout,
} from './types.js';

/**
 * `COCO 1.0`: one file of annotations for each subset, as the data set of that name has them (cocodataset.org, "Data
 * format"). Boxes are `[x, y, width, height]` in pixels; ids begin with 1.
 */
export function cocoLayout({ classes, subsets }: DatasetExport): Layout {
  const categories = classes.map((name, index) => ({ id: index + 1, name, supercategory: '' }));
  const texts = new Map<string, string>();
  for (const { name, frames } of subsets) {
    const images = frames.map((frame, index) => ({
      ...{ id: index + 1, width: frame.width, height: frame.height, file_name: frame.name },
      ...{ license: 0, flickr_url: '', coco_url: '', date_captured: 0 },
    }));
    const annotations = frames.flatMap(({ shapes }, index) =>
      shapes.map(({ type, classIndex, points, rotation, occluded }) => ({
        ...{ image_id: index + 1, category_id: classIndex + 1 },
        segmentation: type === 'polygon' ? [points] : [],
        area: type === 'polygon' ? areaOf(points) : boxOf(points)[2] * boxOf(points)[3],
        bbox: boxOf(points),
        iscrowd: 0,
        attributes: { occluded, ...(type === 'rectangle' && { rotation }) },
      })),
    );
    const document = {
      licenses: [{ name: '', id: 0, url: '' }],
      info: { contributor: '', date_created: '', description: '', url: '', version: '', year: '' },
      ...{ categories, images },
      annotations: annotations.map((annotation, index) => ({ id: index + 1, ...annotation })),
    };
    texts.set(`annotations/instances_${subsetName(name)}.json`, JSON.stringify(document));
  }
  return { texts, imagePath: (name, subset) => `images/${subsetName(subset)}/${name}` };
}

const subsetName = (name: string) => name || 'default';

/** The box around points, as COCO writes it. */
function boxOf(points: readonly number[]): [number, number, number, number] {
  const [xs, ys] = [points.filter((_, index) => index % 2 === 0), points.filter((_, index) => index % 2 === 1)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top];
}

/** Of a polygon, by the shoelace formula. */
function areaOf(points: readonly number[]): number {
  let twice = 0;
  for (let index = 0; index < points.length; index += 2) {
    const [x = 0, y = 0] = points.slice(index, index + 2);
    const [nextX = 0, nextY = 0] = points.slice((index + 2) % points.length);
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}

const document = z.object({
  categories: z.array(z.object({ id: z.int(), name: z.string() })),
  images: z.array(z.object({ id: z.int(), file_name: z.string() })),
  annotations: z.array(
    z.object({
      image_id: z.int(),
      category_id: z.int(),
      bbox: z.array(z.number()).length(4).optional(),
      // Run lengths are masks, which this server does not have.
      segmentation: z.array(z.array(z.number()).min(6)).default([]),
      attributes: z
        .looseObject({ occluded: z.boolean().default(false), rotation: z.number().min(0).max(360).default(0) })
        .prefault({}),
    }),
  ),
});

/** Annotations with a segmentation become polygons, those without rectangles. */
export function readCoco(texts: ReadonlyMap<string, string>): DatasetImport {
  const files = [...texts].filter(([name]) => name.endsWith('.json'));
  if (files.length === 0) throw new Error('Dataset must contain a file matching pattern "annotations/*.json"');
  const names = new Map<number, string>();
  const shapes: ImportedShape[] = [];
  for (const [file, text] of files) {
    const json = jsonOf(file, text);
    // Checking them all takes more memory than reading them does.
    if (typeof json === 'object' && json !== null && 'annotations' in json && Array.isArray(json.annotations)) {
      requireFewShapes(shapes.length + json.annotations.length);
    }
    const coco = document.safeParse(json);
    if (!coco.success) {
      const [issue] = coco.error.issues;
      throw new Error(`InvalidAnnotationError: '${file}': ${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { categories, images, annotations } = coco.data;
    for (const { id, name } of categories) {
      if ((names.get(id) ?? name) !== name) throw new Error(`InvalidAnnotationError: category ${id} has two names`);
      names.set(id, name);
    }
    const subset = /instances_([^/]+)\.json$/.exec(file)?.[1] ?? '';
    const items = new Map(images.map(({ id, file_name }) => [id, stemOf(file_name)]));
    for (const { image_id, category_id, bbox, segmentation, attributes } of annotations) {
      const item = items.get(image_id);
      if (item === undefined) throw new Error(`InvalidAnnotationError: there is no image ${image_id}`);
      const { occluded, rotation } = attributes;
      const shape = { item, subset, classId: category_id, shares: false, occluded };
      for (const points of segmentation) shapes.push({ ...shape, type: 'polygon', points, rotation: 0 });
      requireFewShapes(shapes.length);
      if (segmentation.length > 0) continue;
      if (bbox === undefined) throw new Error('InvalidAnnotationError: an annotation has neither box nor polygon');
      const [x = 0, y = 0, width = 0, height = 0] = bbox;
      shapes.push({ ...shape, type: 'rectangle', points: [x, y, x + width, y + height], rotation });
    }
  }
  return { names, shapes };
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`InvalidAnnotationError: '${file}' is not JSON`);
  }
}
