/** Carriers that are asked over HTTP: stand-ins on loopback that answer, fail, hang and drip (R22.3, R23). */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { CarrierAway, CarrierUnreadable } from '../../src/commands/carrierPorts.ts';
import { createCarrierHttp } from '../../src/infra/carriers/carrierHttp.ts';
import { createCarriers } from '../../src/infra/carriers/carriers.ts';
import type { CarrierLimits } from '../../src/infra/carriers/resilience.ts';

const limits: CarrierLimits = {
  answerMs: 60_000,
  attemptsMax: 2,
  backoffMs: 1,
  failuresMax: 100,
  restMs: 60_000,
  concurrency: 2,
};
const never = new AbortController().signal;
const number = '9102901000462189604217';
const answer = (trackingNumber = number): string =>
  `<TrackResponse><TrackInfo ID="${trackingNumber}"><TrackSummary><EventTime>9:01 am</EventTime>` +
  '<EventDate>April 28, 2015</EventDate><Event>Delivered</Event><EventCode>01</EventCode></TrackSummary></TrackInfo></TrackResponse>';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const openCarrier = async (handler: Handler) => {
  const seen: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, port, url: `http://127.0.0.1:${port}` };
};

const ask = (port: number, url: string, changes: Partial<CarrierLimits> = {}) => {
  const http = createCarrierHttp({ allowedTargets: [`127.0.0.1:${port}`] });
  onTestFinished(() => http.close());
  const asked = { usps: { url: `${url}/track`, key: 'me&co' }, canada_post: { url, key: 'user:password' } };
  const carriers = createCarriers({ secrets: {}, asked }, http.call, { ...limits, ...changes });
  return { usps: carriers.get('usps')!.ask!, canadaPost: carriers.get('canada_post')!.ask! };
};

it('asks as the carrier wants to be asked, and reads what it says', async () => {
  const carrier = await openCarrier((_, response) => response.end(answer()));
  const { usps, canadaPost } = ask(carrier.port, carrier.url);
  expect(await usps(number, never)).toMatchObject([{ trackingNumber: number, status: 'delivered' }]);
  const { searchParams, pathname } = new URL(carrier.seen[0]!.url, carrier.url);
  expect(pathname).toBe('/track');
  expect(searchParams.get('XML')).toContain('USERID="me&amp;co"');
  expect(searchParams.get('XML')).toContain(`<TrackID ID="${number}"/>`);
  await expect(canadaPost('1371134583769923', never)).rejects.toThrow(CarrierUnreadable);
  expect(carrier.seen[1]).toMatchObject({
    url: '/vis/track/pin/1371134583769923/detail',
    headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
  });
});

it('an answer about another number is not taken, and a number that is not known is no failure', async () => {
  let status = 200;
  const carrier = await openCarrier((_, response) => response.writeHead(status).end(answer('5555555555')));
  const { usps } = ask(carrier.port, carrier.url);
  expect(await usps(number, never)).toEqual([]);
  status = 404;
  expect(await usps(number, never)).toEqual([]);
  expect(carrier.seen).toHaveLength(2);
});

it('a failure is tried again, and no more often than is allowed', async () => {
  let failures = 2;
  const carrier = await openCarrier((_, response) => {
    failures -= 1;
    response.writeHead(failures >= 0 ? 503 : 200).end(answer());
  });
  const { usps } = ask(carrier.port, carrier.url);
  expect(await usps(number, never)).toHaveLength(1);
  expect(carrier.seen).toHaveLength(3);
  failures = 100;
  await expect(usps(number, never)).rejects.toThrow(CarrierAway);
  expect(carrier.seen).toHaveLength(6);
});

it('a carrier that keeps failing is left alone, and asked once when the rest is over; another one is asked all the while', async () => {
  let isDown = true;
  const carrier = await openCarrier(({ url }, response) => {
    if (url?.startsWith('/vis/') === true) response.writeHead(404).end();
    else response.writeHead(isDown ? 500 : 200).end(answer());
  });
  const { usps, canadaPost } = ask(carrier.port, carrier.url, { failuresMax: 3, attemptsMax: 0, restMs: 200 });
  for (let attempt = 0; attempt < 3; attempt += 1) await expect(usps(number, never)).rejects.toThrow(CarrierAway);
  await expect(usps(number, never)).rejects.toThrow(CarrierAway);
  expect(carrier.seen).toHaveLength(3);
  expect(await canadaPost('1371134583769923', never)).toEqual([]);
  isDown = false;
  await expect.poll(() => usps(number, never).catch(() => []), { interval: 20 }).toHaveLength(1);
  expect(carrier.seen).toHaveLength(5);
});

it('a carrier that hangs is given up in time, and takes no more than its own room', async () => {
  let under = 0;
  let most = 0;
  const carrier = await openCarrier(({ url }, response) => {
    if (url?.startsWith('/vis/') === true) {
      response.writeHead(404).end();
      return;
    }
    under += 1;
    most = Math.max(most, under);
    response.on('close', () => {
      under -= 1;
    });
  });
  const { usps, canadaPost } = ask(carrier.port, carrier.url, { answerMs: 100, attemptsMax: 0 });
  const hanging = Array.from({ length: 6 }, () => usps(number, never));
  expect(await canadaPost('1371134583769923', never)).toEqual([]);
  const outcomes = await Promise.allSettled(hanging);
  expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'rejected'));
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(CarrierAway);
  expect(most).toBeLessThanOrEqual(limits.concurrency);
  expect(most).toBeGreaterThan(0);
});

it('an answer without an end is not read to its end', async () => {
  const carrier = await openCarrier((_, response) => {
    const drip = (): void => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', drip);
    drip();
  });
  await expect(ask(carrier.port, carrier.url).usps(number, never)).rejects.toThrow(CarrierUnreadable);
});

it('goes nowhere that webhooks may not go, and follows no redirect', async () => {
  const elsewhere = await openCarrier((_, response) => response.end(answer()));
  const carrier = await openCarrier((_, response) => response.writeHead(302, { location: elsewhere.url }).end());
  // Only the first is allowed.
  const { usps } = ask(carrier.port, carrier.url);
  await expect(usps(number, never)).rejects.toThrow(CarrierAway);
  expect(carrier.seen.length).toBeGreaterThan(0);
  await expect(ask(carrier.port, elsewhere.url).usps(number, never)).rejects.toThrow(CarrierAway);
  await expect(ask(carrier.port, 'http://169.254.169.254').usps(number, never)).rejects.toThrow(CarrierAway);
  expect(elsewhere.seen).toEqual([]);
});
