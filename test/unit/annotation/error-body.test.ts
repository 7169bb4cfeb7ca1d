import { describe, expect, it } from 'vitest';
import { describeErrorBody } from '../../../src/annotation/cvat/error-body.js';
import { statusError } from '../../../src/annotation/cvat/errors.js';
import { exchange, recorded, recordsAreThere, wireBody } from './recorded.js';

describe('what an error answer of CVAT says, in one line', () => {
  it.each([
    ['a detail', '{"detail":"Invalid token."}', 'Invalid token.'],
    ['a field', '{"name":["This field is required."]}', 'name: This field is required.'],
    ['non-field errors', '{"non_field_errors":["Unable to log in."]}', 'Unable to log in.'],
    ['a list', '["Project matching query does not exist."]', 'Project matching query does not exist.'],
    ['a JSON string', '"Adding more data is not supported"', 'Adding more data is not supported'],
    [
      'nested lists, where the good shapes are empty objects',
      '{"shapes":[{},{"label_id":["This field is required."]}]}',
      'shapes.label_id: This field is required.',
    ],
    ['several', '{"a":["x","y"],"b":["z"]}', 'a: x; a: y; b: z'],
    ['plain text', 'There is no request with specified id\n', 'There is no request with specified id'],
    ['an HTML page', '<!doctype html><html><head><title>t</title></head><h1>Server <b>Error</b></h1>', 'Server Error'],
    ['nothing', '', ''],
    ['null', 'null', ''],
  ])('%s', (_case, body, expected) => {
    expect(describeErrorBody(body)).toBe(expected);
  });

  it('cuts off what nobody reads', () => {
    expect(describeErrorBody('x'.repeat(5000)).length).toBeLessThan(500);
  });

  it.skipIf(!recordsAreThere)('understands every error answer that a real server gave', () => {
    const failures = [
      ...recorded('13_errors_expiry_token'),
      ...recorded('17_more_traps'),
      ...recorded('05_upload_traps'),
    ]
      .filter(({ response }) => response.status >= 400)
      .map((failure) => describeErrorBody(wireBody(failure)));
    expect(failures.length).toBeGreaterThan(15);
    for (const line of failures) expect(line).toMatch(/^[^\n<{[]+$/);
    expect(failures).toContain('Invalid token.');
    expect(failures).toContain('task_id: Select a valid choice. That choice is not one of the available choices.');
    expect(failures).toContain('Server Error (500)');
    expect(failures).toContain('Not Found');
  });
});

describe('what a status means for the user', () => {
  it.each([
    [401, 'CVAT_AUTH', false],
    [403, 'CVAT_FORBIDDEN', false],
    [404, 'CVAT_NOT_FOUND', false],
    [410, 'CVAT_NOT_FOUND', false],
    [400, 'CVAT_REJECTED', false],
    [406, 'CVAT_REJECTED', false],
    [409, 'CVAT_CONFLICT', true],
    [413, 'CVAT_TOO_LARGE', false],
    [429, 'CVAT_THROTTLED', true],
    [500, 'CVAT_SERVER_ERROR', true],
    [503, 'CVAT_UNAVAILABLE', true],
    [520, 'CVAT_UNAVAILABLE', true],
  ])('%i → %s', (status, code, retryable) => {
    expect(statusError('GET /api/x', status, '')).toMatchObject({ code, retryable, status });
  });

  it('tells a read-only token from other refusals', () => {
    expect(statusError('POST /api/tasks', 403, 'Access token is read only').hint).toContain('may write');
    expect(statusError('POST /api/tasks', 403, 'You do not have permission').hint).toContain('role');
  });

  it.each([
    // A plan that is used up, and what refuses a project of an organization.
    [403, 'You have reached the maximum limit of tasks: upgrade your plan', /plan .* is used up/],
    [400, 'Organization limit reached for projects', /plan .* is used up/],
    [400, 'The task and its project should be in the same organization.', /belongs to an organization/],
    [403, 'CSRF Failed: CSRF token missing.', /proxy before CVAT adds cookies/],
    [401, 'Invalid username/password.', /Check CVAT_TOKEN, or CVAT_USER and CVAT_PASSWORD/],
    [413, '', /limits the size/],
  ])('%i "%s" says what to do', (status, detail, hint) => {
    expect(statusError('POST /api/tasks', status, detail).hint).toMatch(hint);
  });

  it.skipIf(!recordsAreThere)('a recorded throttling says when to come back', () => {
    const throttled = exchange('13_errors_expiry_token', 'anonymous request number 94 within a minute');
    const error = statusError(
      'GET /api/server/about',
      throttled.response.status,
      describeErrorBody(wireBody(throttled)),
    );
    expect(error).toMatchObject({ code: 'CVAT_THROTTLED', retryable: true });
    expect(error.message).toContain('Expected available in 4 seconds');
  });
});
