export interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}
export interface Count {
  passed: number;
  failed: number;
  skipped: number;
}
export function countTests(report: Report): Count;
export function countLine(count: Count): string;
