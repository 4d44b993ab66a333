/** The two programs that the manifests are built and checked with, where `.ci/kubernetes` has put them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './composeFile.ts';

const { KUBERNETES_TOOLS: chosen, XDG_CACHE_HOME: caches = join(homedir(), '.cache') } = process.env;
/** As `.ci/kubernetes` chooses it. */
const folder = chosen ?? join(caches, 'stockledger', 'kubernetes');
const kustomize = join(folder, 'bin', 'kustomize');
const validator = join(folder, 'venv', 'bin', 'kubernetes-validate');

/** What to do, or `null` where both are there. */
export const toolsMissing = (): string | null =>
  existsSync(kustomize) && existsSync(validator) ? null : 'run .ci/kubernetes, which needs Python 3 and Go 1.24';

const run = (command: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(command, args, { cwd: projectRoot, encoding: 'utf8' });

/** The objects of a folder as one text. */
export const build = (path: string): string => {
  const { status, stdout, stderr } = run(kustomize, ['build', path]);
  if (status !== 0) throw new Error(`${path}: ${stderr}`);
  return stdout;
};

/**
 * Every object of the files against the schema of its kind, where unknown fields are faults.
 * @returns a line each, `INFO …`, `WARN …` (there is no schema, and the exit code is 0), `ERROR …`.
 */
export const validate = (files: readonly string[], kubernetesVersion: string): string[] => {
  const { stdout, stderr } = run(validator, ['--strict', '-k', kubernetesVersion, ...files]);
  return [...stdout.split('\n'), ...stderr.split('\n')].filter((line) => line !== '');
};
