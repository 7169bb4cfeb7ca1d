import type { DatasetRecord } from '../types.js';

/** The vocabulary of Croissant 1.0, as its specification prescribes it for every file. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  rai: 'http://mlcommons.org/croissant/RAI/',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
};

/** What of the manifest a reader gets: name, type, what it is, the key of a line, and where in its value it stands. */
const columns: readonly [name: string, dataType: string, description: string, column: string, jsonPath?: string][] = [
  ['frame_id', 'sc:Text', 'Name of the frame; its file is images/<split>/<frame_id>.jpg.', 'frameId'],
  ['split', 'sc:Text', 'train, val or test; a video is on one side as a whole.', 'split'],
  ['sha256', 'sc:Text', 'SHA-256 of the JPEG.', 'sha256'],
  ['width', 'sc:Integer', 'Pixels.', 'width'],
  ['height', 'sc:Integer', 'Pixels.', 'height'],
  ['video', 'sc:Text', 'Key of the video it was taken from.', 'videoKey'],
  ['pts_seconds', 'sc:Float', 'Presentation time in the video.', 'provenance', '$.ptsSeconds'],
  ['round', 'sc:Text', 'Round of annotation in which people saw it.', 'provenance', '$.round'],
  ['labels', 'sc:Text', 'Class of each box.', 'boxes', '$.label'],
  ['x1', 'sc:Float', 'Left edge of each box, pixels.', 'boxes', '$.x1'],
  ['y1', 'sc:Float', 'Top edge of each box, pixels.', 'boxes', '$.y1'],
  ['x2', 'sc:Float', 'Right edge of each box, pixels.', 'boxes', '$.x2'],
  ['y2', 'sc:Float', 'Bottom edge of each box, pixels.', 'boxes', '$.y2'],
];

/**
 * Croissant metadata (MLCommons, JSON-LD): what a dataset host or `mlcroissant` needs to read the dataset. The licences
 * are those that the videos came with.
 *
 * Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
 */
export function printCroissant(
  records: readonly DatasetRecord[],
  { names, version, manifestSha256 }: { names: readonly string[]; version: string; manifestSha256: string },
): string {
  const licences = [...new Set(records.flatMap(({ provenance }) => provenance.licence ?? []))].sort();
  const sources = [...new Set(records.flatMap(({ provenance }) => provenance.url ?? []))].sort();
  return `${JSON.stringify(
    {
      '@context': context,
      '@type': 'sc:Dataset',
      name: 'frameloop-dataset',
      description: `Frames of video with boxes of ${names.join(', ')}, reviewed by people. Version ${version}.`,
      conformsTo: 'http://mlcommons.org/croissant/1.0',
      // Semantic versioning is asked for; the hash of the manifest is what tells versions apart.
      version: `1.0.0+${version}`,
      ...(licences.length > 0 && { license: licences }),
      ...(sources.length > 0 && { isBasedOn: sources }),
      distribution: [
        {
          '@type': 'cr:FileObject',
          '@id': 'manifest',
          name: 'manifest',
          description: 'One frame per line, with its boxes and everything known of it.',
          contentUrl: 'manifest.jsonl',
          encodingFormat: 'application/jsonlines',
          sha256: manifestSha256,
        },
        {
          '@type': 'cr:FileSet',
          '@id': 'pictures',
          name: 'pictures',
          description: 'The frames.',
          encodingFormat: 'image/jpeg',
          includes: 'images/*/*.jpg',
        },
      ],
      recordSet: [
        {
          '@type': 'cr:RecordSet',
          '@id': 'frames',
          name: 'frames',
          key: { '@id': 'frames/frame_id' },
          field: columns.map(([name, dataType, description, column, jsonPath]) => ({
            '@type': 'cr:Field',
            '@id': `frames/${name}`,
            name,
            description,
            dataType,
            ...(column === 'boxes' && { repeated: true }),
            source: {
              fileObject: { '@id': 'manifest' },
              extract: { column },
              ...(jsonPath !== undefined && { transform: { jsonPath } }),
            },
          })),
        },
      ],
    },
    null,
    1,
  )}\n`;
}
