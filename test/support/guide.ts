/** A guide as a reader follows it: its shell blocks in one shell, one after another, and the answers it shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';

export interface Step {
  readonly commands: string;
  /** What the guide says is answered last; `null` where it shows nothing. */
  readonly shown: object | null;
}

export interface Followed {
  readonly step: Step;
  /** The JSON that the step printed, line by line. */
  readonly answers: readonly object[];
}

const projectRoot = join(import.meta.dirname, '../..');
/** A loop in a guide that never ends would wait for ever; a busy machine takes some 20 s for the longest guide. */
export const followMaxMs = 240_000;
const stepEnd = '=== end of step ===';

/** A block `sh` is a step, and a block `json` after it shows its answer. A block `sh start` is for another terminal. */
export const stepsOf = (markdown: string): readonly Step[] =>
  [...markdown.matchAll(/^```sh\n([\s\S]*?)^```(?:\n+```json\n([\s\S]*?)^```)?/gm)].map(([, commands = '', shown]) => ({
    commands,
    shown: shown === undefined ? null : (JSON.parse(shown) as object),
  }));

export const startLinesOf = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^```sh start\n([\s\S]*?)^```/gm)].map(([, line = '']) => line.trim());

/** A text that ends in … is the beginning of what is answered. */
export const asShown = (shown: unknown): unknown => {
  if (typeof shown === 'string' && shown.endsWith('…')) {
    return expect.stringMatching(new RegExp(`^${shown.slice(0, -1).replaceAll(/[^\w]/g, '\\$&')}`));
  }
  if (Array.isArray(shown)) return shown.map(asShown);
  if (typeof shown !== 'object' || shown === null) return shown;
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, asShown(value)]));
};

export interface Place {
  /** In place of `http://localhost:8080`. */
  readonly origin: string;
  /** In place of 9000, where the guides receive webhooks. */
  readonly receiverPort: number;
}

const inPlace = (commands: string, { origin, receiverPort }: Place): string =>
  commands.replaceAll('http://localhost:8080', origin).replaceAll('127.0.0.1:9000', `127.0.0.1:${receiverPort}`);

const jsonIn = (output: string): readonly object[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as object);

/** As pasted into bash from the project's folder; the first command that fails ends it. @throws with what it printed. */
export const follow = async (steps: readonly Step[], place: Place): Promise<readonly Followed[]> => {
  // What a guide leaves running would keep our pipes open.
  const script = ["trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"];
  for (const { commands } of steps) script.push(inPlace(commands, place), `echo '${stepEnd}'`);
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script.join('\n')], {
    cwd: projectRoot,
    env: {
      ...process.env,
      STOCKLEDGER: place.origin,
      PORT: String(place.receiverPort),
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const timer = setTimeout(() => process.kill(-(shell.pid ?? 0), 'SIGKILL'), followMaxMs);
  const [output, complaints] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  clearTimeout(timer);
  if (shell.exitCode !== 0) throw new Error(`A command failed, or took over 100 s:\n${output}\n${complaints}`);
  const outputs = output.split(`${stepEnd}\n`);
  return steps.map((step, index) => ({ step, answers: jsonIn(outputs[index] ?? '') }));
};
