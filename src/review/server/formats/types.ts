/** What the formats of archives work with. They are pure: data in, texts out, and back. */

export interface ExportedShape {
  type: 'rectangle' | 'polygon';
  classIndex: number;
  /** Pixels. */
  points: readonly number[];
  /** Degrees. */
  rotation: number;
  occluded: boolean;
}

export interface ExportedFrame {
  name: string;
  width: number;
  height: number;
  shapes: ExportedShape[];
}

export interface DatasetExport {
  /** Names of the classes in the order of the labels. */
  classes: string[];
  /** An empty name is the one that tasks have without a choice of theirs. */
  subsets: { name: string; frames: ExportedFrame[] }[];
}

export interface Layout {
  /** Path in the archive → content. */
  texts: Map<string, string>;
  /** Where the picture of a frame of this subset belongs. */
  imagePath: (name: string, subset: string) => string;
}

export interface ImportedShape {
  /** Name of the picture without folder and extension. */
  item: string;
  /** The part of the dataset that the picture is in. */
  subset: string;
  classId: number;
  type: 'rectangle' | 'polygon';
  points: number[];
  /** Whether the points are shares of the picture's width and height instead of pixels. */
  shares: boolean;
  rotation: number;
  occluded: boolean;
}

export interface DatasetImport {
  /** By class id. */
  names: Map<number, string>;
  shapes: ImportedShape[];
}

export interface Format {
  write: (data: DatasetExport) => Layout;
  /** Reads the texts of an archive, by their paths. Throws in CVAT's words what it does not take. */
  read: (texts: ReadonlyMap<string, string>) => DatasetImport;
  /** The subset that a picture at this path of an archive is in; undefined where no picture belongs. */
  subsetOf: (path: string) => string | undefined;
}

/** What one archive may hold: half a million take about a gigabyte of memory on their way into the database. */
const mostShapes = 500_000;

/** @throws Error in the words of an import that fails */
export function requireFewShapes(count: number): void {
  if (count > mostShapes) throw new Error(`ValueError: the archive holds more than ${mostShapes} annotations`);
}

export const lines = (texts: string[]) => texts.map((text) => `${text}\n`).join('');

/** Of pictures that stand in `images/<subset>/`. */
export const subsetOfImages = (path: string) => /(?:^|\/)images\/([^/]+)\/[^/]+$/.exec(path)?.[1];

/** A file's name without its folders and its extension. */
export function stemOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '');
}
