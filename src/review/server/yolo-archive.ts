import { parse } from 'yaml';

/** The boxes of an archive in one of the two YOLO layouts, as CVAT reads them. Pure: texts in, data out. */
export interface YoloArchive {
  /** By class id. */
  names: Map<number, string>;
  /** `item`: name of the picture without folder and extension; numbers are shares of the picture. */
  boxes: { item: string; classId: number; centre: [number, number]; size: [number, number] }[];
}

/** Keys of data.yaml that name no subset. */
const reserved = ['backup', 'classes', 'names', 'path', 'kpt_shape', 'flip_idx'];

/** @throws Error with CVAT's words for what it does not take */
export function readYoloArchive(texts: ReadonlyMap<string, string>, format: string): YoloArchive {
  return format === 'YOLO 1.1' ? readDarknet(texts) : readUltralytics(texts);
}

function readUltralytics(texts: ReadonlyMap<string, string>): YoloArchive {
  const [yamlName, yaml] = [...texts].find(([name]) => /(^|\/)[^/]+\.yaml$/.test(name)) ?? [];
  if (yaml === undefined || yamlName === undefined) {
    throw new Error('dataset must contain a file matching pattern "*.yaml"');
  }
  const root = yamlName.slice(0, yamlName.lastIndexOf('/') + 1);
  const data = parse(yaml) as Record<string, unknown>;
  const boxes: YoloArchive['boxes'] = [];
  for (const [subset, list] of Object.entries(data)) {
    if (reserved.includes(subset)) continue;
    if (typeof list !== 'string') throw new Error(`TypeError: '${typeof list}' object is not iterable`);
    const listed = texts.get(`${root}${list}`);
    if (listed === undefined) throw new Error(`Can't find '${subset}' subset list file`);
    for (const line of lines(listed)) {
      // A picture in images/<subset> has its labels in labels/<subset>; elsewhere nobody looks for them.
      const [, folder, item] = /(?:^|\/)images\/([^/]+)\/([^/]+)\.[^.]+$/.exec(line) ?? [];
      if (folder === undefined || item === undefined) continue;
      boxes.push(...readLabels(item, texts.get(`${root}labels/${folder}/${item}.txt`) ?? ''));
    }
  }
  return { names: namesOf(data['names']), boxes };
}

function namesOf(names: unknown): Map<number, string> {
  if (Array.isArray(names)) return new Map(names.map(String).entries());
  return new Map(Object.entries((names ?? {}) as Record<string, string>).map(([id, name]) => [Number(id), name]));
}

function readDarknet(texts: ReadonlyMap<string, string>): YoloArchive {
  if (!texts.has('obj.data')) throw new Error('Dataset must contain a file: obj.data');
  const boxes: YoloArchive['boxes'] = [];
  for (const line of lines(texts.get('train.txt') ?? '')) {
    const file = line.replace(/^data\//, '').replace(/\.[^.]+$/, '.txt');
    const text = texts.get(file);
    if (text === undefined) throw new Error(`FileNotFoundError: [Errno 2] No such file or directory: '${file}'`);
    boxes.push(...readLabels(file.slice(file.lastIndexOf('/') + 1, -'.txt'.length), text));
  }
  return { names: new Map(lines(texts.get('obj.names') ?? '').entries()), boxes };
}

function readLabels(item: string, text: string): YoloArchive['boxes'] {
  return lines(text).map((line) => {
    const fields = line.split(/\s+/);
    if (fields.length !== 5) throw new Error(`InvalidAnnotationError: Unexpected field count ${fields.length}`);
    const [classId, x, y, width, height] = fields.map(Number) as [number, number, number, number, number];
    return { item, classId, centre: [x, y], size: [width, height] };
  });
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
