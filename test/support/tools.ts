/** The commands of an operator as processes of their own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

export interface ToolRun {
  /** `src/<name>.ts` */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const settingsOf = ({ env }: ToolRun): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_ENV: '',
  EVENTSTORE_URL: '',
  MONGODB_URL: '',
  REDIS_URL: '',
  ...env,
});

/** Runs it to its end. Blocks this process: not for what answers to it. */
export const runTool = (
  run: ToolRun,
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`src/cli/${run.name}.ts`, ...run.args], {
    env: settingsOf(run),
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
};

/** Runs it to its end while this process goes on, such as the clients of a service, and hears each line as it comes. */
export const runToolBeside = async (
  run: ToolRun,
  onLine: (line: string) => void = () => undefined,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> => {
  const child = spawn(process.execPath, [`src/cli/${run.name}.ts`, ...run.args], { env: settingsOf(run) });
  const ended = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', onLine);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
};

/** Kills it (SIGKILL) at the first line of output that `isTime` accepts. @returns the signal, or the code if it was done before. */
export const killTool = async (run: ToolRun, isTime: (line: string) => boolean): Promise<number | string | null> => {
  const child: ChildProcess = spawn(process.execPath, [`src/cli/${run.name}.ts`, ...run.args], {
    env: settingsOf(run),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  if (child.stdout === null) throw new Error('the tool has no output');
  for await (const line of createInterface({ input: child.stdout })) if (isTime(line)) child.kill('SIGKILL');
  await ended;
  return child.signalCode ?? child.exitCode;
};
