import { describe, expect, it } from 'vitest';
import { mapLabels } from '../../../src/annotation/cvat/project.js';
import { resolveFormat, usableFormats } from '../../../src/annotation/cvat/formats.js';
import { planPreLabels } from '../../../src/annotation/cvat/pre-label-plan.js';
import { toShapes } from '../../../src/annotation/cvat/pre-labels.js';
import { judgeProgress } from '../../../src/annotation/cvat/progress.js';
import { toReviewedFrames, type TaskContent } from '../../../src/annotation/cvat/reviewed.js';
import { drawnInFrames } from '../../../src/annotation/cvat/drawn.js';
import { labelNames } from '../../../src/annotation/cvat/label-names.js';
import { enclosingBox } from '../../../src/annotation/cvat/shape-box.js';
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
import type { CompletionRule } from '../../../src/annotation/types.js';
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
  const done = { id: 1, state: 'completed', stage: 'annotation' };
  const accepted = { id: 2, state: 'completed', stage: 'acceptance' };
  it.each([
    ['no jobs yet', [], 'open', 'open'],
    ['all finished, none accepted', [done, done], 'complete', 'open'],
    ['all accepted', [accepted, accepted], 'complete', 'complete'],
    ['one is open', [done, { id: 3, state: 'in progress', stage: 'annotation' }], 'open', 'open'],
    ['one was rejected', [accepted, { id: 3, state: 'rejected', stage: 'acceptance' }], 'open', 'open'],
    ['one is at acceptance, but not finished', [{ id: 3, state: 'new', stage: 'acceptance' }], 'open', 'open'],
  ] as const)('%s: %s', (_case, jobs, byJobs, byAcceptance) => {
    expect(judgeProgress(jobs, 'jobs_completed').state).toBe(byJobs);
    expect(judgeProgress(jobs, 'task_accepted').state).toBe(byAcceptance);
  });

  it.skipIf(!recordsAreThere)('three new jobs of a real server are open', () => {
    const { results } = exchange('18_jobs_segments', 'order of the list').response.body as WirePage<WireJob>;
    expect(judgeProgress(results, 'jobs_completed')).toMatchObject({ state: 'open', jobsDone: 0, jobsTotal: 3 });
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
    const result = findTaskFault({ names, inOrder: false }, found, size, jobs);
    if (fault === undefined) expect(result).toBeUndefined();
    else expect(result).toContain(fault);
  });

  it('frames in another order than the one that was asked for', () => {
    const fault = findTaskFault({ names, inOrder: true }, ['a.jpg', 'c.jpg', 'b.jpg'], 3, [job(0, 2)]);
    expect(fault).toContain('c.jpg is not where');
  });

  it.skipIf(!recordsAreThere)('a task that a real server made twice after two finish calls is found out', () => {
    const meta = exchange('06_double_finish', 'GET /api/tasks/17/data/meta').response.body as WireDataMeta;
    const jobs = exchange('06_double_finish', 'jobs 2 s later: duplicated?').response.body as WirePage<WireJob>;
    const sent = [0, 1, 2].map((n) => `clip_00000${n}.jpg`);
    const found = meta.frames!.map(({ name }) => name);
    expect(meta.size).toBe(3);
    expect(findTaskFault({ names: sent, inOrder: false }, found, meta.size, jobs.results)).toContain('twice');
    expect(findTaskFault({ names: sent, inOrder: false }, sent, meta.size, jobs.results)).toContain('two of its jobs');
  });

  it.skipIf(!recordsAreThere)('newest-first jobs of a real server cover the frames', () => {
    const { results } = exchange('18_jobs_segments', 'order of the list').response.body as WirePage<WireJob>;
    const sent = Array.from({ length: 10 }, (_, n) => `clip_00000${n}.jpg`);
    expect(findTaskFault({ names: sent, inOrder: true }, sent, 10, results)).toBeUndefined();
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
  const ids = ['v_000000000', 'v_000001000', 'v_000002000', 'v_000003000'];
  const meta: WireDataMeta = { size: 4, frames: ids.map((id) => ({ name: `${id}.jpg`, width: 640, height: 360 })) };
  const names = new Map([
    [1, 'person'],
    [2, 'car'],
  ]);
  const read = (
    annotations: Partial<WireAnnotations>,
    more: Partial<Omit<TaskContent, 'drawn'>> & { shapesToBoxes?: boolean } = {},
  ) => {
    const { shapesToBoxes, jobs = [job(0, 1), job(2, 3, 'in progress')], ...content } = more;
    const drawn = drawnInFrames(
      { shapes: [], tracks: [], ...annotations },
      { frameCount: 4, jobs, names, shapesToBoxes },
    );
    return toReviewedFrames({ meta, frameIds: ids, ...content, jobs, drawn });
  };

  it('is reviewed, empty or not reviewed, by the state of its job', () => {
    const shapes = [rectangle(0, [1, 2, 30, 40]), rectangle(2, [1, 2, 30, 40], { source: 'auto' })];
    const { frames, warnings } = read({ shapes });
    expect(frames).toEqual([
      {
        frameId: 'v_000000000',
        state: 'reviewed',
        boxes: [{ label: 'person', x1: 1, y1: 2, x2: 30, y2: 40 }],
        jobId: 1,
      },
      { frameId: 'v_000001000', state: 'empty', boxes: [], jobId: 1 },
      { frameId: 'v_000002000', state: 'not_reviewed', boxes: [], jobId: 3 },
      { frameId: 'v_000003000', state: 'not_reviewed', boxes: [], jobId: 3 },
    ]);
    expect(warnings).toEqual([]);
  });

  it('where jobs have to be accepted, is not reviewed until they are', () => {
    const shapes = [rectangle(0, [1, 2, 30, 40]), rectangle(2, [1, 2, 30, 40])];
    const jobs = [job(0, 1), job(2, 3, 'completed', 'acceptance')];
    const states = (rule: CompletionRule) => read({ shapes }, { jobs, rule }).frames.map(({ state }) => state);
    expect(states('jobs_completed')).toEqual(['reviewed', 'empty', 'reviewed', 'empty']);
    expect(states('task_accepted')).toEqual(['not_reviewed', 'not_reviewed', 'reviewed', 'empty']);
  });

  it('frames that were deleted in CVAT come back as not reviewed, without what is on them', () => {
    const shapes = [rectangle(0, [1, 2, 30, 40])];
    const { frames, warnings } = read({ shapes }, { meta: { ...meta, deleted_frames: [0] } });
    expect(frames[0]).toMatchObject({ frameId: ids[0], state: 'not_reviewed', boxes: [] });
    expect(frames.map(({ frameId }) => frameId)).toEqual(ids);
    expect(warnings).toEqual(['Frames deleted in CVAT, which count as not reviewed: 1']);
  });

  it('frames that the task no longer has, or that were never sent, are told', () => {
    const renamed = meta.frames!.map((frame, index) => (index === 1 ? { ...frame, name: 'dir/other.jpg' } : frame));
    const { frames, warnings } = read({}, { meta: { size: 4, frames: renamed } });
    expect(frames.map(({ frameId, state }) => [frameId, state])).toEqual([
      [ids[0], 'empty'],
      [ids[1], 'not_reviewed'],
      [ids[2], 'not_reviewed'],
      [ids[3], 'not_reviewed'],
    ]);
    expect(warnings).toEqual([
      'Frames that the task has no longer: 1, the first v_000001000',
      'Frames in the task that were never sent: 1, left out',
    ]);
  });

  it('a folder before the name of a frame does not hide it', () => {
    const inFolder = meta.frames!.map((frame) => ({ ...frame, name: `images/train/${frame.name}` }));
    const { frames, warnings } = read(
      { shapes: [rectangle(0, [1, 2, 30, 40])] },
      { meta: { size: 4, frames: inFolder } },
    );
    expect(frames[0]).toMatchObject({ frameId: ids[0], state: 'reviewed' });
    expect(warnings).toEqual([]);
  });

  it('puts the corners of a box drawn from the bottom right in order', () => {
    const shapes = [rectangle(0, [200, 150, 100, 90], { label_id: 2 })];
    expect(read({ shapes }).frames[0]!.boxes).toEqual([{ label: 'car', x1: 100, y1: 90, x2: 200, y2: 150 }]);
  });

  const others = [
    rectangle(0, [1, 2, 30, 40]),
    rectangle(0, [10, 10, 30, 20], { rotation: 90 }),
    { ...rectangle(1, [1, 1, 5, 1, 5, 6]), type: 'polygon' },
    rectangle(1, [1, 2, 3]),
    { ...rectangle(2, [1, 1, 5, 1, 5, 5]), type: 'polygon' },
  ];

  it('reports what is no box, and makes no false negative of it', () => {
    const { frames, warnings } = read({ shapes: others });
    expect(frames.map(({ state }) => state)).toEqual(['reviewed', 'not_reviewed', 'not_reviewed', 'not_reviewed']);
    expect(warnings).toEqual([
      'v_000000000: left out 1 × rotated box',
      'v_000001000: left out 1 × polygon, 1 × rectangle without four numbers; the frame counts as not reviewed, for it has nothing else',
    ]);
  });

  it('turns shapes into the boxes around them where that is wanted', () => {
    const { frames, warnings } = read({ shapes: others }, { shapesToBoxes: true });
    // A box of 20 x 10 around (20, 15), turned by 90 degrees, is one of 10 x 20 around the same point.
    expect(frames[0]!.boxes[1]!.x1).toBeCloseTo(15, 9);
    expect(frames[0]!.boxes[1]!.y1).toBeCloseTo(5, 9);
    expect(frames[1]!.boxes).toEqual([{ label: 'person', x1: 1, y1: 1, x2: 5, y2: 6 }]);
    expect(warnings).toEqual(['v_000001000: left out 1 × rectangle without four numbers']);
  });

  it('a track ends with its job', () => {
    const key = { type: 'rectangle', frame: 0, points: [1, 2, 30, 40], outside: false };
    const tracks = [{ frame: 0, label_id: 1, shapes: [key] }];
    const { frames } = read({ tracks }, { jobs: [job(0, 1), job(2, 3)] });
    expect(frames.map(({ boxes }) => boxes.length)).toEqual([1, 1, 0, 0]);
  });

  it('a frame that two jobs share is done when both are', () => {
    const { frames } = read({}, { jobs: [job(0, 2), job(2, 3, 'new')] });
    expect(frames.map(({ state }) => state)).toEqual(['empty', 'empty', 'not_reviewed', 'not_reviewed']);
  });
});

describe('the box around a shape', () => {
  it.each([
    // A square of 10 turned by 45 degrees: its diagonal is 10 √2, so it reaches 7.0711 from its middle.
    [
      'a turned square',
      { type: 'rectangle', points: [0, 0, 10, 10], rotation: 45 },
      [-2.0711, -2.0711, 12.0711, 12.0711],
    ],
    // CVAT's ellipse: centre, right end, top end.
    ['an ellipse', { type: 'ellipse', points: [50, 40, 70, 30] }, [30, 30, 70, 50]],
    ['an ellipse on its side', { type: 'ellipse', points: [50, 40, 70, 30], rotation: 90 }, [40, 20, 60, 60]],
    ['a polygon', { type: 'polygon', points: [3, 9, 1, 4, 7, 5] }, [1, 4, 7, 9]],
    // Run lengths, then left, top, right, bottom of the mask, both ends inclusive.
    ['a mask', { type: 'mask', points: [0, 4, 2, 3, 3, 4] }, [2, 3, 4, 5]],
  ] as const)('%s', (_case, shape, expected) => {
    const { x1, y1, x2, y2 } = enclosingBox({ ...shape, points: [...shape.points] })!;
    [x1, y1, x2, y2].forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 4));
  });

  it.each([
    ['points have no extent', { type: 'points', points: [1, 2, 3, 4] }],
    ['half a polygon', { type: 'polygon', points: [1, 2, 3] }],
    ['half a rectangle', { type: 'rectangle', points: [1, 2, 3] }],
  ])('%s', (_case, shape) => {
    expect(enclosingBox(shape)).toBeUndefined();
  });
});

describe('the names of labels', () => {
  const planned = [
    { id: 1, name: 'player' },
    { id: 2, name: 'ball' },
  ];

  it('are the classes of the model where a label stands for one', () => {
    const { byId, byName } = labelNames(planned, { plannedLabels: planned, classOf: { player: 'person' } });
    expect([...byId]).toEqual([
      [1, 'person'],
      [2, 'ball'],
    ]);
    expect(byName.get('player')).toBe('person');
  });

  it('survive a renaming, an addition and a deletion in CVAT, and each is told', () => {
    const now = [
      { id: 1, name: 'footballer' },
      { id: 3, name: 'referee' },
    ];
    const { byId, warnings } = labelNames(now, { plannedLabels: planned, classOf: { player: 'person' } });
    expect([...byId]).toEqual([
      [1, 'person'],
      [3, 'referee'],
    ]);
    expect(warnings).toEqual([
      'The label player is called footballer in CVAT now; it stays player here',
      'The label ball was deleted in CVAT, and with it every box that had it',
    ]);
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

describe('which boxes people see', () => {
  const frames = Array.from({ length: 100 }, (_, n) => ({
    frameId: `file-a_${String(n).padStart(9, '0')}`,
    detections: [0.2, 0.5, 0.9].map((confidence) => ({ ...detectionOf('ball'), confidence })),
  }));

  it('are those that reach the threshold of their class', () => {
    const both = { frameId: 'f', detections: [detectionOf('ball', 0.3), detectionOf('person', 0.3)] };
    const [planned] = planPreLabels([both], { thresholds: { ball: 0.4 }, blindShare: 0 });
    expect(planned!.detections.map(({ label }) => label)).toEqual(['person']);
  });

  it('are none in the blind share, which is always the same frames, and in frames marked before', () => {
    const blindOf = (of: typeof frames) =>
      planPreLabels(of, { thresholds: {}, blindShare: 0.2 }).flatMap(({ frameId, blind }) => (blind ? [frameId] : []));
    expect(blindOf(frames)).toHaveLength(20);
    expect(blindOf([...frames].reverse()).sort()).toEqual(blindOf(frames).sort());
    const marked = frames.map((frame, n) => ({ ...frame, blind: n === 0 }));
    const planned = planPreLabels(marked, { thresholds: {}, blindShare: 0 });
    expect(planned.filter(({ blind }) => blind).map(({ frameId }) => frameId)).toEqual([frames[0]!.frameId]);
    // What the model would have shown is kept, to compare it with what people drew.
    expect(planned[0]!.detections).toHaveLength(3);
  });

  it.each([
    // 100 frames, 40 of them control frames, of which the selection has marked 10.
    { blindShare: 0, marked: 10, unmarkedControl: 0, others: 0 },
    { blindShare: 0.05, marked: 10, unmarkedControl: 0, others: 0 },
    { blindShare: 0.3, marked: 10, unmarkedControl: 0, others: 20 },
    { blindShare: 0.7, marked: 10, unmarkedControl: 0, others: 60 },
    { blindShare: 0.9, marked: 10, unmarkedControl: 20, others: 60 },
    { blindShare: 1, marked: 10, unmarkedControl: 30, others: 60 },
  ])('a share of $blindShare has the marked control frames in it, and more of them last of all', (expected) => {
    const { blindShare } = expected;
    const selected = frames.map((frame, n) => ({
      ...frame,
      arm: n < 40 ? ('control' as const) : ('chosen' as const),
      blind: n < 10,
    }));
    const blind = planPreLabels(selected, { thresholds: {}, blindShare }).map((frame) => frame.blind);
    const count = (from: number, to: number) => blind.slice(from, to).filter(Boolean).length;
    expect({ blindShare, marked: count(0, 10), unmarkedControl: count(10, 40), others: count(40, 100) }).toEqual(
      expected,
    );
  });
});

function detectionOf(label: string, confidence = 0.5) {
  return { classId: 0, label, confidence, x1: 0, y1: 0, x2: 9, y2: 9 };
}

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
    const names = usableFormats(exporters);
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
