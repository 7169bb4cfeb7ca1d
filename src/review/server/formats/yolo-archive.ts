import { parse } from 'yaml';
import { requireFewShapes, stemOf, type DatasetImport, type ImportedShape } from './types.js';

/** Keys of data.yaml that name no subset. */
const reserved = ['backup', 'classes', 'names', 'path', 'kpt_shape', 'flip_idx'];

export function readUltralytics(texts: ReadonlyMap<string, string>): DatasetImport {
  const [yamlName, yaml] = [...texts].find(([name]) => /(^|\/)[^/]+\.yaml$/.test(name)) ?? [];
  if (yaml === undefined || yamlName === undefined) {
    throw new Error('dataset must contain a file matching pattern "*.yaml"');
  }
  const root = yamlName.slice(0, yamlName.lastIndexOf('/') + 1);
  const data = parse(yaml) as Record<string, unknown>;
  const shapes: ImportedShape[] = [];
  for (const [subset, list] of Object.entries(data)) {
    if (reserved.includes(subset)) continue;
    if (typeof list !== 'string') throw new Error(`TypeError: '${typeof list}' object is not iterable`);
    const listed = texts.get(`${root}${list}`);
    if (listed === undefined) throw new Error(`Can't find '${subset}' subset list file`);
    for (const line of lines(listed)) {
      // A picture in images/<subset> has its labels in labels/<subset>; elsewhere nobody looks for them.
      const [, folder, item] = /(?:^|\/)images\/([^/]+)\/([^/]+)\.[^.]+$/.exec(line) ?? [];
      if (folder === undefined || item === undefined) continue;
      readLabels(shapes, folder, item, texts.get(`${root}labels/${folder}/${item}.txt`) ?? '');
    }
  }
  return { names: namesOf(data['names']), shapes };
}

function namesOf(names: unknown): Map<number, string> {
  if (Array.isArray(names)) return new Map(names.map(String).entries());
  return new Map(Object.entries((names ?? {}) as Record<string, string>).map(([id, name]) => [Number(id), name]));
}

export function readDarknet(texts: ReadonlyMap<string, string>): DatasetImport {
  if (!texts.has('obj.data')) throw new Error('Dataset must contain a file: obj.data');
  const shapes: ImportedShape[] = [];
  // `<subset> = data/<subset>.txt`, beside `classes`, `names` and `backup`.
  const lists = lines(texts.get('obj.data') ?? '').flatMap((line) => {
    const [, key = '', list = ''] = /^(\w[\w-]*)\s*=\s*(?:data\/)?(.+)$/.exec(line) ?? [];
    return key === '' || ['classes', 'names', 'backup'].includes(key) ? [] : (texts.get(list) ?? '');
  });
  for (const line of lists.flatMap(lines)) {
    const file = line.replace(/^data\//, '').replace(/\.[^.]+$/, '.txt');
    const text = texts.get(file);
    if (text === undefined) throw new Error(`FileNotFoundError: [Errno 2] No such file or directory: '${file}'`);
    readLabels(shapes, darknetSubset(file) ?? '', stemOf(file), text);
  }
  return { names: new Map(lines(texts.get('obj.names') ?? '').entries()), shapes };
}

/** Pictures stand beside their labels, in `obj_<subset>_data/`. */
export function darknetSubset(path: string): string | undefined {
  return /(?:^|\/)obj_([^/]+)_data\/[^/]+$/.exec(path)?.[1];
}

/** Adds the boxes of one picture to `shapes`. */
function readLabels(shapes: ImportedShape[], subset: string, item: string, text: string): void {
  const boxes = lines(text);
  requireFewShapes(shapes.length + boxes.length);
  for (const line of boxes) {
    const fields = line.split(/\s+/);
    if (fields.length !== 5) throw new Error(`InvalidAnnotationError: Unexpected field count ${fields.length}`);
    const [classId, x, y, width, height] = fields.map(Number) as [number, number, number, number, number];
    const points = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    shapes.push({ item, subset, classId, type: 'rectangle', points, shares: true, rotation: 0, occluded: false });
  }
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
