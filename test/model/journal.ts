/** What was asked, and what was answered; and the differences that were found, with the commands that concern them. */
import type { Answer, Request } from './client.ts';
import type { Decision } from './log.ts';
import type { World } from './world.ts';

/** One change of one thing: a command, or a row of a bulk request. */
export interface Ask {
  /** What it changes, by the keys of `log.ts`; `null`: an order whose id the service gives. */
  readonly about: string | null;
  /** Revision that the caller has seen. */
  readonly ifMatch?: number | undefined;
  /** It must be refused with one of these, or for what the state of things is. */
  readonly always?: readonly string[] | undefined;
  /** It may be refused with one of these: what they depend on is looked at a moment before the change is recorded. */
  readonly justBefore?: ((world: World) => readonly string[]) | undefined;
  readonly decide: (world: World) => Decision;
}

export interface Command {
  readonly role: string;
  readonly request: Request;
  /** `null`: sent once, whatever becomes of it. */
  readonly key: string | null;
  readonly isDryRun: boolean;
  /** One; more for a bulk request. */
  readonly asks: readonly Ask[];
  readonly isBulk: boolean;
}

export interface Issued {
  readonly n: number;
  readonly command: Command;
  readonly correlationId: string;
  /** Ticks of one counter for all clients: when it was first sent, and when its answer had come. */
  readonly sentAt: number;
  readonly answeredAt: number;
  /** How often the service had been started when it was sent. */
  readonly life: number;
  /** Answers that were not read. */
  readonly lost: number;
  /** `null`: it is not known what became of it. */
  readonly answer: Answer | null;
}

const linesMax = 25;
const commandsShown = 8;
const charsShown = 300;

const short = (value: unknown): string => {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? '' : text.slice(0, charsShown);
};

export const describe = ({ n, command, correlationId, lost, answer }: Issued): string => {
  const { role, request, key } = command;
  const said = answer === null ? 'no answer' : `${answer.status} ${(answer.body.code as string | undefined) ?? ''}`;
  const match = request.headers?.['if-match'] === undefined ? '' : ` If-Match ${request.headers['if-match']}`;
  const tries = lost === 0 ? '' : ` (${lost} answers lost)`;
  return `#${n} ${role} ${request.method} ${request.path}${match} ${short(request.body)} -> ${said}${tries} ${correlationId}${key === null ? ' no key' : ''}`;
};

export interface Journal {
  tick(): number;
  /** Counts commands from 1. */
  next(): number;
  add(issued: Issued): void;
  /** Since the last call. */
  take(): readonly Issued[];
  /** @param about keys of `log.ts`. */
  differ(what: string, about?: readonly (string | null)[], commands?: readonly Issued[]): void;
  differences(): number;
  /** The first of them, as text for a person. */
  told(): readonly string[];
}

export const createJournal = (): Journal => {
  let ticks = 0;
  let commands = 0;
  let found = 0;
  let round: Issued[] = [];
  const told: string[] = [];
  /** The latest commands of each thing. */
  const latest = new Map<string, Issued[]>();
  return {
    tick: () => {
      ticks += 1;
      return ticks;
    },
    next: () => {
      commands += 1;
      return commands;
    },
    add: (issued) => {
      round.push(issued);
      for (const about of new Set(issued.command.asks.map((ask) => ask.about))) {
        if (about !== null) latest.set(about, [...(latest.get(about) ?? []), issued].slice(-commandsShown));
      }
    },
    take: () => {
      const taken = round;
      round = [];
      return taken;
    },
    differ: (what, about = [], own = []) => {
      found += 1;
      if (told.length > linesMax * commandsShown) return;
      const concerned = about.flatMap((key) => (key === null ? [] : (latest.get(key) ?? [])));
      const lines = [...new Set([...own, ...concerned])].sort((a, b) => a.n - b.n);
      told.push(`DIFFERENCE ${what}`, ...lines.map((each) => `  ${own.includes(each) ? '>' : ' '} ${describe(each)}`));
    },
    differences: () => found,
    told: () => told,
  };
};
