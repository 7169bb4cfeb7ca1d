import { describe, expect, it } from 'vitest';
import { countLine, countTests } from '../../../scripts/ci/count.mjs';

const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

describe('the last line of a CI run', () => {
  it('counts what passed and failed, and what was skipped if anything was', () => {
    expect(countLine(countTests({ ...none, numPassedTests: 12 }))).toBe('12 passed, 0 failed');
    expect(countLine(countTests({ ...none, numPassedTests: 12, numPendingTests: 2, numTodoTests: 1 }))).toBe(
      '12 passed, 0 failed, 3 skipped',
    );
  });

  it('counts a file that could not be loaded as a failure, though it reports no test', () => {
    const testResults = [
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
      { status: 'failed', assertionResults: [] },
    ];
    expect(countTests({ ...none, numPassedTests: 1, testResults })).toMatchObject({ passed: 1, failed: 1 });
  });

  it('counts a failed test once', () => {
    const testResults = [{ status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] }];
    expect(countTests({ ...none, numPassedTests: 1, numFailedTests: 1, testResults })).toMatchObject({ failed: 1 });
  });
});
