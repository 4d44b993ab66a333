/**
 * Turns the reports of vitest and the exit statuses of the parts of `.ci/run` into its last line, and into its exit
 * status. Plain JavaScript, because it must speak even when `npm ci` failed and only an older Node.js is there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...parts] = process.argv.slice(2);

/** Without a whole report the checks before the tests failed, or the run was ended: no test counts as passed. */
const readReport = (part) => {
  try {
    return JSON.parse(readFileSync(join(folder, `${part}.json`), 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
};

const hasEndedWell = (part) => {
  const file = join(folder, `${part}.status`);
  return existsSync(file) && readFileSync(file, 'utf8').trim() === '0';
};

const countsOf = (part) => {
  const report = readReport(part);
  // A file that can't even be loaded has no failed test in it, yet all its tests are missing.
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const { name } of brokenFiles) console.log(`not loaded or not closed: ${name}`);

  const passed = report.numPassedTests;
  const failed = report.numFailedTests + brokenFiles.length;
  if (failed > 0 || (hasEndedWell(part) && passed > 0)) return { passed, failed };
  // Whatever else ended the part (types, lint, layers, an unhandled rejection, no test at all) is one failure.
  console.log(`the part "${part}" failed outside its tests, or ran none`);
  return { passed, failed: 1 };
};

const counts = parts.map(countsOf);
const sumOf = (key) => counts.reduce((sum, each) => sum + each[key], 0);

console.log(`${sumOf('passed')} passed, ${sumOf('failed')} failed`);
// With no part at all nothing was tested.
process.exitCode = sumOf('failed') === 0 && sumOf('passed') > 0 ? 0 : 1;
