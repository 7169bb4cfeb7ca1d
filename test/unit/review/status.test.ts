import { describe, expect, test } from 'vitest';
import { changedJob, chunkSize, jobStatus, segments, taskStatus } from '../../../src/review/server/status.js';

const job = (
  stage: 'annotation' | 'validation' | 'acceptance',
  state: 'new' | 'in progress' | 'completed' | 'rejected',
) => ({
  stage,
  state,
});

describe('what becomes of a job and its task', () => {
  // The first four rows are what CVAT 2.23.1 answered; the others follow from its rule.
  test.each([
    [job('annotation', 'new'), 'annotation'],
    [job('annotation', 'completed'), 'annotation'],
    [job('acceptance', 'new'), 'validation'],
    [job('acceptance', 'completed'), 'completed'],
    [job('validation', 'completed'), 'validation'],
    [job('acceptance', 'rejected'), 'validation'],
  ])('%j is in status %s', (one, status) => {
    expect(jobStatus(one)).toBe(status);
  });

  test('a task is completed only when every job is accepted', () => {
    const accepted = job('acceptance', 'completed');
    expect(taskStatus([])).toBe('annotation');
    expect(taskStatus([accepted, job('annotation', 'completed')])).toBe('annotation');
    expect(taskStatus([accepted, job('validation', 'completed')])).toBe('validation');
    expect(taskStatus([accepted, accepted])).toBe('completed');
  });

  test('a new stage begins anew unless the state is named; the same stage keeps its state', () => {
    expect(changedJob(job('annotation', 'completed'), { stage: 'acceptance' })).toEqual(job('acceptance', 'new'));
    const both = { stage: 'acceptance', state: 'completed' } as const;
    expect(changedJob(job('annotation', 'new'), both)).toEqual(job('acceptance', 'completed'));
    expect(changedJob(job('annotation', 'completed'), { stage: 'annotation' })).toEqual(job('annotation', 'completed'));
  });
});

test.each([
  [10, 4, ['0-3', '4-7', '8-9']],
  [8, 4, ['0-3', '4-7']],
  [3, 10, ['0-2']],
  [3, 0, ['0-2']],
  [1, 1, ['0-0']],
  [0, 4, []],
])('%d frames in jobs of %d', (size, segmentSize, ranges) => {
  expect(segments(size, segmentSize).map((one) => `${one.startFrame}-${one.stopFrame}`)).toEqual(ranges);
});

test.each([
  // Seen at CVAT 2.23.1: 640x360 and 1920x1080.
  [640 * 360, 72],
  [1920 * 1080, 36],
  // 36 · 1920 · 1080 / (7680 · 4320) = 2.25; and never less than two.
  [7680 * 4320, 2],
  [100_000_000, 2],
])('pictures of %d pixels come %d to a chunk', (area, frames) => {
  expect(chunkSize(area)).toBe(frames);
});
