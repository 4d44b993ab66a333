/**
 * Requests that nobody would write: none may end in a 5xx, in a status or a body that the document does not have, or hold the
 * event loop. `npm run fuzz` sends 50,000; FUZZ_REQUESTS and FUZZ_SEED say how many, and which.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { arrange, line, orderOf } from '../http/arrange.ts';
import { createDice } from '../model/dice.ts';
import { allScopes, type Claims, startMs, startService, steppedUp } from '../support/service.ts';
import { createRequests, type FuzzRequest } from './requests.ts';

const requests = Number(process.env.FUZZ_REQUESTS ?? 3_000);
const seed = Number(process.env.FUZZ_SEED ?? 15);
const findingsMax = 20;
/** Some two milliseconds each, on a busy machine ten. */
const timeoutMs = 10_000 + 10 * requests;
/** Ids that an answer gave, for requests about what is there. */
const idNames = ['orderId', 'shipmentId', 'endpointId', 'reservationId', 'approvalId'] as const;
const idsKept = 50;
/** Who may do what no program may. */
const person: Claims = {
  sub: 'ada',
  client_id: 'console',
  roles: ['admin'],
  scope: allScopes,
  ...steppedUp(startMs),
};

const learn = (known: Record<string, string[]>, text: string): void => {
  for (const name of idNames) {
    const [, id] = new RegExp(`"${name}":"([^"]{1,100})"`).exec(text) ?? [];
    if (id === undefined) continue;
    known[name] = [...(known[name] ?? []), id].slice(-idsKept);
  }
};

const shown = ({ who, method, url, headers, body }: FuzzRequest): string =>
  `${who} ${method} ${url.slice(0, 300)} ${JSON.stringify(headers)} ${body?.slice(0, 600) ?? ''}`;

/** What a database might take for a query was let in. A read has no body, and of many rows each has its own answer. */
const takesOperator = ({ takesBody, body = '' }: FuzzRequest, status: number): boolean =>
  takesBody && status < 300 && status !== 207 && /"\$(gt|ne|where|regex|set)"\s*:/.test(body);

it(
  `sends ${requests} requests made from the document, and gets no answer that it does not have`,
  async () => {
    const service = await startService({ approvalFromUnits: 20 });
    const known: Record<string, string[]> = {
      warehouseId: ['BER', 'PAR'],
      sku: ['TABLE-OAK-160', 'CHAIR', 'SOFA BLAU'],
    };
    await arrange(service, { BER: { 'TABLE-OAK-160': 50, CHAIR: 900, 'SOFA BLAU': 3 }, PAR: { CHAIR: 5 } });
    for (let made = 0; made < 5; made += 1) {
      const { text } = await service.as('sandbox-admin').post('/v1/orders', orderOf([line('CHAIR', 1)]));
      learn(known, text);
    }
    const nextRequest = createRequests(service.document, () => known, createDice(seed));
    const statuses = new Map<number, number>();
    const findings: string[] = [];
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    for (let sent = 0; sent < requests && findings.length < findingsMax; sent += 1) {
      const request = nextRequest();
      try {
        const { status, text } = await service
          .as(request.who === 'person' ? person : request.who)
          .request(request.method, request.url, request);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500) findings.push(`${status} ${text.slice(0, 200)} to ${shown(request)}`);
        if (takesOperator(request, status)) findings.push(`${status} to ${shown(request)}`);
        learn(known, text);
      } catch (error) {
        const { actual = String(error) } = error as { readonly actual?: unknown };
        findings.push(`${JSON.stringify(actual).slice(0, 500)} at ${shown(request)}`);
      }
    }
    delay.disable();
    const told = [...statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`);
    process.stdout.write(`fuzz, seed ${seed}: ${told.join(', ')}; longest turn ${Math.round(delay.max / 1e6)} ms\n`);
    expect(findings).toEqual([]);
    // Else the requests are so bad that none of them comes far.
    expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)).toBeGreaterThan(requests / 20);
    await service.close();
  },
  timeoutMs,
);
