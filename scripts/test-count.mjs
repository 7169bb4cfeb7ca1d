// Prints the last line of .ci/run from vitest's JSON report: node scripts/test-count.mjs REPORT
import { existsSync, readFileSync } from 'node:fs';
import { countLine, countTests } from './ci/count.mjs';

const report = process.argv[2] ?? '';
if (existsSync(report)) {
  console.log(countLine(countTests(JSON.parse(readFileSync(report, 'utf8')))));
} else {
  console.log('The tests did not run.');
  console.log(countLine({ passed: 0, failed: 0, skipped: 0 }));
  process.exitCode = 1;
}
