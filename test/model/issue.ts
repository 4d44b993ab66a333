/** Sends a command until it is answered: answers get lost, the service dies, and the same key is sent again. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type Client, isPassing, type Request } from './client.ts';
import type { Dice } from './dice.ts';
import { describe, type Issued, type Journal } from './journal.ts';
import type { Planned } from './stockCommands.ts';

export interface Sender {
  readonly client: Client;
  readonly dice: Dice;
  readonly journal: Journal;
  /** How often the service was started: what it keeps in memory is of one life. */
  readonly lives: () => number;
}

const lossShare = 0.06;
const againShare = 0.04;
const otherShare = 0.02;
const pauseOnceMs = 50;

/** One answer, or none: who has no key may not send it twice. */
const askOnce = async (client: Client, request: Request): Promise<Answer | null> => {
  for (;;) {
    const answer = await client.send(request).catch(() => null);
    if (answer === null || (!isPassing(answer) && answer.status !== 401)) return answer;
    // A 503 may be about a change whose outcome is not known.
    if (answer.status === 503) return null;
    await pause(pauseOnceMs);
  }
};

/** The same request again gets the first answer (docs/openapi.json). What was recorded is told to be a repetition. */
const sendSame = async ({ client, journal, lives }: Sender, issued: Issued, first: Answer): Promise<void> => {
  const life = lives();
  const again = await client.ask(issued.command.request);
  const about = issued.command.asks.map((ask) => ask.about);
  if (again.status !== first.status || again.body.code !== first.body.code) {
    journal.differ(`sent again: ${again.status} ${JSON.stringify(again.body)}`, about, [issued]);
    return;
  }
  // What was not kept before a kill is made again from the log.
  if (first.status >= 300 || life !== lives() || issued.life !== life) return;
  if (again.headers['idempotency-replayed'] !== 'true') {
    journal.differ('sent again, and Idempotency-Replayed is missing', about, [issued]);
  }
};

/** Another request under its key is refused. */
const sendOther = async ({ client, journal, lives }: Sender, issued: Issued): Promise<void> => {
  const { request, asks } = issued.command;
  const { status, body } = await client.ask({ ...request, body: { changes: [{}] }, path: '/v1/inventory/changes' });
  const isRefused = body.code === 'IDEMPOTENCY_KEY_REUSED' || status === 403;
  if (isRefused || issued.life !== lives()) return;
  const about = asks.map((ask) => ask.about);
  journal.differ(`its key was taken for another request: ${status}`, about, [issued]);
};

const sendAgain = async (sender: Sender, issued: Issued): Promise<void> => {
  const { answer, command } = issued;
  if (answer === null || command.key === null || command.isDryRun) return;
  if (sender.dice.chance(againShare)) await sendSame(sender, issued, answer);
  const isTaken = command.request.method === 'POST' && answer.status < 300;
  if (isTaken && sender.dice.chance(otherShare)) await sendOther(sender, issued);
};

/** @returns what was answered. */
export const issue = async (sender: Sender, planned: Planned): Promise<Issued> => {
  const { client, dice, journal, lives } = sender;
  const correlationId = dice.uuid();
  const request: Request = {
    ...planned.request,
    headers: {
      ...planned.request.headers,
      'correlation-id': correlationId,
      ...(planned.key === null ? {} : { 'idempotency-key': planned.key }),
    },
  };
  const command = { ...planned, request };
  const n = journal.next();
  const losses = planned.key !== null && dice.chance(lossShare) ? dice.between(1, 2) : 0;
  const sentAt = journal.tick();
  const life = lives();
  for (let lost = 0; lost < losses; lost += 1) await client.sendAndLeave(request, dice.below(8));
  const answer = planned.key === null ? await askOnce(client, request) : await client.ask(request);
  const issued: Issued = { n, command, correlationId, sentAt, answeredAt: journal.tick(), life, lost: losses, answer };
  journal.add(issued);
  if (answer !== null) planned.learn?.(answer, correlationId);
  if (answer !== null && answer.status >= 500) journal.differ(`failed: ${describe(issued)}`, [], [issued]);
  await sendAgain(sender, issued);
  return issued;
};
