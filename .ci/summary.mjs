/**
 * Turns vitest's JSON report and the exit status of the run into the last line of `.ci/run`, and into its exit status.
 * Plain JavaScript, because it must speak even when `npm ci` failed and only an older Node.js is there.
 */
import { existsSync, readFileSync } from 'node:fs';

const [reportFile, statusText] = process.argv.slice(2);

/** Without a report the checks before the tests failed, or the run was ended: no test counts as passed. */
const readReport = () => {
  if (!existsSync(reportFile)) return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  return JSON.parse(readFileSync(reportFile, 'utf8'));
};

const report = readReport();

// A file that can't even be loaded has no failed test in it, yet all its tests are missing.
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
);
if (brokenFiles.length > 0) console.log(`not loaded or not closed: ${brokenFiles.map((file) => file.name).join(', ')}`);

const passed = report.numPassedTests;
const failedTests = report.numFailedTests + brokenFiles.length;

// Whatever else ended the run with an error (types, lint, layers, an unhandled rejection, no test at all) is one failure.
const failed = failedTests === 0 && (statusText !== '0' || passed === 0) ? 1 : failedTests;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
