import { describe, expect, it } from 'vitest';
import { mapLabels } from '../../../src/annotation/cvat/project.js';
import { resolveFormat, exportFormats } from '../../../src/annotation/cvat/formats.js';
import { toShapes } from '../../../src/annotation/cvat/pre-labels.js';
import { judgeProgress } from '../../../src/annotation/cvat/progress.js';
import { toReviewedFrames, type TaskContent } from '../../../src/annotation/cvat/reviewed.js';
import { isBefore } from '../../../src/annotation/cvat/server.js';
import { interpolateTrack } from '../../../src/annotation/cvat/tracks.js';
import { findTaskFault } from '../../../src/annotation/cvat/verify.js';
import type {
  WireAnnotations,
  WireDataMeta,
  WireFormats,
  WireJob,
  WirePage,
  WireTrackedShape,
} from '../../../src/annotation/cvat/wire.js';
import { exchange, recorded, recordsAreThere } from './recorded.js';

const job = (start_frame: number, stop_frame: number, state = 'completed', stage = 'annotation'): WireJob => ({
  id: start_frame + 1,
  type: 'annotation',
  state,
  stage,
  start_frame,
  stop_frame,
});
const rectangle = (frame: number, points: number[], more: object = {}) => ({
  type: 'rectangle',
  frame,
  label_id: 1,
  points,
  rotation: 0,
  source: 'manual',
  ...more,
});

describe('whether people are done', () => {
  const done = { state: 'completed', stage: 'annotation' };
  const accepted = { state: 'completed', stage: 'acceptance' };
  it.each([
    ['no jobs yet', [], 'open', 'open'],
    ['all finished, none accepted', [done, done], 'complete', 'open'],
    ['all accepted', [accepted, accepted], 'complete', 'complete'],
    ['one is open', [done, { state: 'in progress', stage: 'annotation' }], 'open', 'open'],
    ['one was rejected', [accepted, { state: 'rejected', stage: 'acceptance' }], 'open', 'open'],
    ['one is at acceptance, but not finished', [{ state: 'new', stage: 'acceptance' }], 'open', 'open'],
  ] as const)('%s: %s', (_case, jobs, byJobs, byAcceptance) => {
    expect(judgeProgress(jobs, 'jobs_completed').state).toBe(byJobs);
    expect(judgeProgress(jobs, 'task_accepted').state).toBe(byAcceptance);
  });

  it.skipIf(!recordsAreThere)('three new jobs of a real server are open', () => {
    const { results } = exchange('18_jobs_segments', 'order of the list').response.body as WirePage<WireJob>;
    expect(judgeProgress(results, 'jobs_completed')).toEqual({ state: 'open', jobsDone: 0, jobsTotal: 3 });
  });
});

describe('whether a task holds exactly the frames that were sent', () => {
  const names = ['a.jpg', 'b.jpg', 'c.jpg'];
  it.each([
    ['as sent', names, 3, [job(0, 1), job(2, 2)], undefined],
    ['in the server’s order', ['c.jpg', 'a.jpg', 'b.jpg'], 3, [job(0, 2)], undefined],
    ['too few', ['a.jpg', 'b.jpg'], 2, [job(0, 1)], 'it has 2 frames, not 3'],
    ['another frame', ['a.jpg', 'b.jpg', 'x.jpg'], 3, [job(0, 2)], 'missing, the first is c.jpg'],
    ['a job is missing', names, 3, [job(0, 1)], 'no job holds frame 2'],
    ['a hole between jobs', names, 3, [job(0, 0), job(2, 2)], 'no job holds frame 1'],
    ['jobs overlap', names, 3, [job(0, 1), job(1, 2)], 'two of its jobs hold frame 1'],
  ] as const)('%s', (_case, found, size, jobs, fault) => {
    const result = findTaskFault(names, found, size, jobs);
    if (fault === undefined) expect(result).toBeUndefined();
    else expect(result).toContain(fault);
  });

  it.skipIf(!recordsAreThere)('a task that a real server made twice after two finish calls is found out', () => {
    const meta = exchange('06_double_finish', 'GET /api/tasks/17/data/meta').response.body as WireDataMeta;
    const jobs = exchange('06_double_finish', 'jobs 2 s later: duplicated?').response.body as WirePage<WireJob>;
    const sent = [0, 1, 2].map((n) => `clip_00000${n}.jpg`);
    const found = meta.frames!.map(({ name }) => name);
    expect(meta.size).toBe(3);
    expect(findTaskFault(sent, found, meta.size, jobs.results)).toContain('twice');
    expect(findTaskFault(sent, sent, meta.size, jobs.results)).toContain('two of its jobs');
  });

  it.skipIf(!recordsAreThere)('newest-first jobs of a real server cover the frames', () => {
    const { results } = exchange('18_jobs_segments', 'order of the list').response.body as WirePage<WireJob>;
    const sent = Array.from({ length: 10 }, (_, n) => `clip_00000${n}.jpg`);
    expect(findTaskFault(sent, sent, 10, results)).toBeUndefined();
  });
});

describe('tracks', () => {
  const key = (frame: number, points: number[], outside = false): WireTrackedShape => ({
    type: 'rectangle',
    frame,
    points,
    outside,
  });

  it('move linearly between keyframes and stay after the last one, up to the end of the job', () => {
    const track = { frame: 0, label_id: 1, shapes: [key(4, [8, 8, 18, 18]), key(0, [0, 0, 10, 10])] };
    expect(interpolateTrack(track, 5)).toEqual([
      { frame: 0, points: [0, 0, 10, 10] },
      { frame: 1, points: [2, 2, 12, 12] },
      { frame: 2, points: [4, 4, 14, 14] },
      { frame: 3, points: [6, 6, 16, 16] },
      { frame: 4, points: [8, 8, 18, 18] },
      { frame: 5, points: [8, 8, 18, 18] },
    ]);
  });

  it('are absent while they are outside', () => {
    const track = {
      frame: 0,
      label_id: 1,
      shapes: [key(0, [0, 0, 9, 9]), key(1, [0, 0, 9, 9], true), key(3, [1, 1, 5, 5])],
    };
    expect(interpolateTrack(track, 3).map(({ frame }) => frame)).toEqual([0, 3]);
  });

  it.skipIf(!recordsAreThere)('give the boxes that a real server exported for the same track', () => {
    const put = exchange('10_export', 'a track 2..5 (outside at 5)');
    const { tracks } = put.response.body as WireAnnotations;
    // The first zip that the server gave after the track was stored.
    const all = recorded('10_export');
    const later = all.slice(all.findIndex(({ note }) => note === put.note));
    const exported = later.find(({ response }) => response.zip_content !== undefined)!.response.zip_content!;
    const boxes = interpolateTrack(tracks[0]!, 9);
    const files = Object.entries(exported).filter(([name]) => name.startsWith('labels/'));
    expect(boxes.length).toBe(files.length);
    for (const { frame, points } of boxes) {
      const [x1, y1, x2, y2] = points;
      const [, x, y, w, h] = exported[`labels/train/clip_00000${frame}.txt`]!.trim().split(' ').map(Number);
      expect(x!).toBeCloseTo((x1 + x2) / 2 / 640, 5);
      expect(y!).toBeCloseTo((y1 + y2) / 2 / 360, 5);
      expect(w!).toBeCloseTo((x2 - x1) / 640, 5);
      expect(h!).toBeCloseTo((y2 - y1) / 360, 5);
    }
  });
});

describe('what people made of each frame', () => {
  const content = (more: Partial<TaskContent>): TaskContent => ({
    meta: {
      size: 4,
      frames: ['v_000000000.jpg', 'v_000001000.jpg', 'v_000002000.jpg', 'v_000003000.jpg'].map((name) => ({
        name,
        width: 640,
        height: 360,
      })),
    },
    jobs: [job(0, 1), job(2, 3, 'in progress')],
    annotations: { shapes: [], tracks: [] },
    labels: new Map([
      [1, 'person'],
      [2, 'car'],
    ]),
    ...more,
  });

  it('is reviewed, empty or not reviewed, by the state of its job', () => {
    const shapes = [rectangle(0, [1, 2, 30, 40]), rectangle(2, [1, 2, 30, 40], { source: 'auto' })];
    const { frames, warnings } = toReviewedFrames(content({ annotations: { shapes, tracks: [] } }));
    expect(frames).toEqual([
      { frameId: 'v_000000000', state: 'reviewed', boxes: [{ label: 'person', x1: 1, y1: 2, x2: 30, y2: 40 }] },
      { frameId: 'v_000001000', state: 'empty', boxes: [] },
      { frameId: 'v_000002000', state: 'not_reviewed', boxes: [] },
      { frameId: 'v_000003000', state: 'not_reviewed', boxes: [] },
    ]);
    expect(warnings).toEqual([]);
  });

  it('leaves out frames that were deleted in CVAT, with what is on them', () => {
    const meta = { ...content({}).meta, deleted_frames: [0] };
    const shapes = [rectangle(0, [1, 2, 30, 40])];
    const { frames } = toReviewedFrames(content({ meta, annotations: { shapes, tracks: [] } }));
    expect(frames.map(({ frameId }) => frameId)).toEqual(['v_000001000', 'v_000002000', 'v_000003000']);
  });

  it('puts the corners of a box drawn from the bottom right in order', () => {
    const shapes = [rectangle(0, [200, 150, 100, 90], { label_id: 2 })];
    const { frames } = toReviewedFrames(content({ annotations: { shapes, tracks: [] } }));
    expect(frames[0]!.boxes).toEqual([{ label: 'car', x1: 100, y1: 90, x2: 200, y2: 150 }]);
  });

  it('reports what is no box, and makes no false negative of it', () => {
    const shapes = [
      rectangle(0, [1, 2, 30, 40]),
      rectangle(0, [1, 2, 30, 40], { rotation: 30 }),
      { ...rectangle(1, [1, 1, 5, 1, 5, 5]), type: 'polygon' },
      rectangle(1, [1, 2, 3]),
      { ...rectangle(2, [1, 1, 5, 1, 5, 5]), type: 'polygon' },
    ];
    const { frames, warnings } = toReviewedFrames(content({ annotations: { shapes, tracks: [] } }));
    expect(frames.map(({ state }) => state)).toEqual(['reviewed', 'not_reviewed', 'not_reviewed', 'not_reviewed']);
    expect(warnings).toEqual([
      'v_000000000: left out 1 × rotated box',
      'v_000001000: left out 1 × polygon, 1 × rectangle without four numbers; the frame counts as not reviewed, for it has nothing else',
    ]);
  });

  it('a track ends with its job', () => {
    const key = { type: 'rectangle', frame: 0, points: [1, 2, 30, 40], outside: false };
    const { frames } = toReviewedFrames(
      content({
        jobs: [job(0, 1), job(2, 3)],
        annotations: { shapes: [], tracks: [{ frame: 0, label_id: 1, shapes: [key] }] },
      }),
    );
    expect(frames.map(({ boxes }) => boxes.length)).toEqual([1, 1, 0, 0]);
  });

  it('a frame that two jobs share is done when both are', () => {
    const { frames } = toReviewedFrames(content({ jobs: [job(0, 2), job(2, 3, 'new')] }));
    expect(frames.map(({ state }) => state)).toEqual(['empty', 'empty', 'not_reviewed', 'not_reviewed']);
  });
});

describe('pre-labels', () => {
  const detection = { classId: 0, label: 'person', confidence: 0.875, x1: 10.123, y1: 20, x2: 110.456, y2: 120 };

  it('are rectangles in pixels, of source auto, on the frame of that name', () => {
    const request = { frames: [{ name: 'b.jpg', detections: [detection] }], labelIds: new Map([['person', 7]]) };
    expect(toShapes(request, ['a.jpg', 'b.jpg'], 1)).toMatchObject([
      { type: 'rectangle', frame: 1, label_id: 7, points: [10.12, 20, 110.46, 120], source: 'auto', score: 0.875 },
    ]);
  });

  it('for a frame or a label that is not there are an error, not silence', () => {
    const frames = [{ name: 'b.jpg', detections: [detection] }];
    expect(() => toShapes({ frames, labelIds: new Map([['person', 7]]) }, ['a.jpg'], 1)).toThrow(
      expect.objectContaining({ code: 'CVAT_FRAMES_DIFFER' }) as Error,
    );
    expect(() => toShapes({ frames, labelIds: new Map() }, ['b.jpg'], 1)).toThrow(
      expect.objectContaining({ code: 'CVAT_LABEL_MISSING' }) as Error,
    );
  });
});

describe('names', () => {
  it('labels that the project has not are named, with those that it has', () => {
    const project = {
      id: 1,
      name: 'p',
      labels: [
        { id: 3, name: 'person' },
        { id: 4, name: 'car' },
      ],
    };
    expect(mapLabels(project, ['car', 'person'])).toEqual(
      new Map([
        ['car', 4],
        ['person', 3],
      ]),
    );
    expect(() => mapLabels(project, ['person', 'dog', 'cat'])).toThrow(
      expect.objectContaining({
        code: 'CVAT_LABEL_MISSING',
        message: expect.stringContaining('dog, cat') as string,
        hint: expect.stringContaining('person, car') as string,
      }) as Error,
    );
  });

  it.each([
    ['YOLOv8 Detection 1.0', ['CVAT 1.1', 'Ultralytics YOLO Detection 1.0'], 'Ultralytics YOLO Detection 1.0'],
    ['Ultralytics YOLO Detection 1.0', ['YOLOv8 Detection 1.0', 'YOLO 1.1'], 'YOLOv8 Detection 1.0'],
    ['YOLOv8 Detection 1.0', ['YOLOv8 Detection 1.0'], 'YOLOv8 Detection 1.0'],
    ['yolo 1.1', ['YOLO 1.1'], 'YOLO 1.1'],
  ])('the format "%s" of %j is "%s"', (wanted, available, expected) => {
    expect(resolveFormat(wanted, available)).toBe(expected);
  });

  it('an unknown format names those that the server has', () => {
    expect(() => resolveFormat('YOLOv9', ['COCO 1.0', 'YOLO 1.1'])).toThrow(
      expect.objectContaining({
        code: 'CVAT_FORMAT_UNKNOWN',
        hint: expect.stringContaining('COCO 1.0, YOLO 1.1') as string,
      }) as Error,
    );
  });

  it.skipIf(!recordsAreThere)('the formats of a real server are found under their own names, 3D ones left out', () => {
    const { response } = recorded('01_about_formats_login').find(
      ({ request, response }) => request!.path === '/api/server/annotation/formats' && response.status === 200,
    )!;
    // The records cut long lists off with a string.
    const exporters = (response.body as WireFormats).exporters.filter((entry) => typeof entry === 'object');
    const names = exportFormats({ exporters });
    expect(names).toContain('COCO 1.0');
    expect(names).not.toContain('Datumaro 3D 1.0');
    for (const name of names) expect(resolveFormat(name, names)).toBe(name);
  });

  it.each([
    ['2.15.1', true],
    ['2.16.0', false],
    ['2.23.1', false],
    ['2.73.1-alpha', false],
    ['2.80.0+frameloop', false],
    ['1.7.0', true],
    ['3.0', false],
    ['develop', false],
  ])('version %s is older than 2.16: %s', (version, older) => {
    expect(isBefore(version, { major: 2, minor: 16 })).toBe(older);
  });
});
