/** What the customer sees of an order at an address of their own, and who else does not (R12, point 14). */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { allScopes, openService, type TestService } from '../support/service.ts';
import { arrange, line, placeOrder } from './arrange.ts';

const open = async (options: Parameters<typeof openService>[0] = {}) => {
  const service = await openService(options);
  await arrange(service, { BER: { SOFA: 9 } });
  const admin = service.as('sandbox-admin');
  const { orderId } = (await placeOrder(admin, [line('SOFA', 2)])).body;
  return { service, admin, orderId: orderId as string };
};

const linkOf = async (service: TestService, orderId: string, body: object = {}) => {
  const made = await service.as('sandbox-admin').post(`/v1/orders/${orderId}/tracking-links`, body);
  expect(made.status, made.text).toBe(201);
  const { url, linkId, expiresAt } = made.body as { url: string; linkId: string; expiresAt: string };
  return { path: new URL(url).pathname, linkId, expiresAt, made };
};

const dispatch = async (service: TestService, orderId: string) => {
  const box = { lineId: '1', boxCode: 'A', quantity: 1 };
  const body = {
    warehouseId: 'BER',
    carrier: '<b>parcelco</b>',
    lines: [{ lineId: '1', quantity: 2 }],
    parcels: [
      { parcelId: 'P1', boxes: [{ ...box, quantity: 2 }] },
      { parcelId: 'P2', boxes: [] },
    ],
  };
  const sent = await service.as('sandbox-admin').post(`/v1/orders/${orderId}/shipments`, body);
  expect(sent.status, sent.text).toBe(201);
  return sent.body.shipmentId as string;
};

const report = async (service: TestService, shipmentId: string, said: object) => {
  service.clock.pass(60_000);
  const answer = await service
    .as('sandbox-admin')
    .post(`/v1/shipments/${shipmentId}/tracking-events`, { occurredAt: service.clock.now(), ...said });
  expect(answer.status, answer.text).toBe(201);
};

it('tells steps, boxes and stations, and nothing of the customer but the city', async () => {
  const { service, orderId } = await open();
  const { path } = await linkOf(service, orderId);
  const anyone = service.as(null);
  await expect.poll(async () => (await anyone.get(path)).text).toContain('The order is being prepared.');
  const shipmentId = await dispatch(service, orderId);
  await report(service, shipmentId, {
    parcelId: 'P1',
    status: 'in_transit',
    location: 'Leipzig <hub>',
    detail: 'Scanned by Smith',
  });
  await report(service, shipmentId, {
    parcelId: 'P1',
    status: 'delivered',
    location: 'Left with Mrs Neighbour',
    detail: 'Signed by Neighbour',
  });
  await expect.poll(async () => (await anyone.get(path)).text).toContain('2 of 3 boxes have arrived.');
  const { status, text } = await anyone.get(path);
  expect(status).toBe(200);
  expect(text).toContain('The order is on its way.');
  expect(text).toContain('<li class="now" aria-current="step">On its way (now)</li>');
  expect(text).toContain('On its way, Leipzig &lt;hub&gt;');
  expect(text).toContain('with &lt;b&gt;parcelco&lt;/b&gt;');
  expect(text).toContain('to Berlin');
  expect(text).toMatch(/<time datetime="[^"]+Z">\w+day,? \d+ \w+ 20\d\d(,| at) \d\d:\d\d UTC<\/time>/);
  for (const word of ['Canary', 'canary', '10115', 'Smith', 'Neighbour', orderId, shipmentId, 'SOFA', '4900', 'BER<']) {
    expect.soft(text, word).not.toContain(word);
  }
});

it('works under a policy that lets in its own style and script by hash, and is kept from everybody else', async () => {
  const { service, orderId } = await open();
  const { path } = await linkOf(service, orderId);
  await service.settled();
  const { text, headers } = await service.as(null).get(path);
  const hashOf = (tag: string): string => {
    const [, inner = ''] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text) ?? [];
    return `'sha256-${createHash('sha256').update(inner).digest('base64')}'`;
  };
  expect(headers['content-security-policy']).toBe(
    `default-src 'none'; style-src ${hashOf('style')}; script-src ${hashOf('script')}; connect-src 'self'; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers).toMatchObject({
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex, nofollow',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(text).not.toMatch(/ style=| on\w+=|<img|<link|https?:\/\//);
});

it('looks the same for what is unknown, malformed, expired or revoked', async () => {
  const { service, admin, orderId } = await open();
  const [expired, revoked] = [await linkOf(service, orderId, { expiresInDays: 1 }), await linkOf(service, orderId)];
  await service.settled();
  const anyone = service.as(null);
  for (const { path } of [expired, revoked]) expect((await anyone.get(path)).status).toBe(200);
  expect((await admin.del(`/v1/orders/${orderId}/tracking-links/${revoked.linkId}`)).status).toBe(204);
  expect((await admin.del(`/v1/orders/${orderId}/tracking-links/${revoked.linkId}`)).status).toBe(204);
  expect((await anyone.get(revoked.path)).status).toBe(404);
  service.clock.pass(86_400_000);
  const other = `${expired.path.slice(0, -1)}${expired.path.endsWith('A') ? 'B' : 'A'}`;
  const answers = await Promise.all(
    [expired.path, revoked.path, other, `/track/${'x'.repeat(43)}`, '/track/short', `/track/${orderId}`].map((path) =>
      anyone.get(path),
    ),
  );
  const gist = answers.map(({ status, text, headers }) => {
    const { date: _, ...lasting } = headers;
    return JSON.stringify([status, text, lasting]);
  });
  expect(new Set(gist).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 404, headers: { 'referrer-policy': 'no-referrer' } });
  expect(answers[0]?.text).toContain('Nothing here');
});

it('is opened by no id, and its token is in no store', async () => {
  const { service, orderId } = await open();
  const key = { 'idempotency-key': 'link' };
  const admin = service.as('sandbox-admin');
  const made = await admin.post(`/v1/orders/${orderId}/tracking-links`, {}, key);
  const token = (made.body.url as string).split('/').at(-1) ?? '';
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect((await admin.post(`/v1/orders/${orderId}/tracking-links`, {}, key)).body).toEqual(made.body);
  const log = await service.adapters.events.readAll(null, 'forwards', 10_000);
  expect(log.some(({ type }) => type === 'TrackingLinkMade')).toBe(true);
  expect(JSON.stringify(log, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
    token,
  );
  expect((await service.as(null).get(`/track/${made.body.linkId as string}`)).status).toBe(404);
});

it('is given by those who place orders, for their own', async () => {
  const { service, admin, orderId } = await open();
  const url = `/v1/orders/${orderId}/tracking-links`;
  const customer = (customerId: string) =>
    service.as({ sub: customerId, roles: ['customer'], scope: allScopes.replace(' admin', ''), customerId });
  expect((await customer('customer-1').post(url, {})).status).toBe(201);
  expect(await customer('customer-2').post(url, {})).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
  for (const reader of ['sandbox-support', 'sandbox-staff', 'sandbox-auditor']) {
    expect((await service.as(reader).post(url, {})).status).toBe(403);
  }
  const { linkId } = await linkOf(service, orderId);
  const another = (await placeOrder(admin, [line('SOFA', 1)])).body.orderId as string;
  expect(await admin.del(`/v1/orders/${another}/tracking-links/${linkId}`)).toMatchObject({
    status: 404,
    body: { code: 'TRACKING_LINK_NOT_FOUND' },
  });
});

it('is answered sixty times a minute to an address', async () => {
  const { service } = await open();
  const anyone = service.as(null);
  const path = `/track/${'x'.repeat(43)}`;
  const answers = await Promise.all(Array.from({ length: 61 }, () => anyone.get(path)));
  expect(answers.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(1);
  service.clock.pass(120_000);
  expect((await anyone.get(path)).status).toBe(404);
});

it('tells the city no more once the data of the customer was erased', async () => {
  const { service, orderId } = await open();
  const { path } = await linkOf(service, orderId);
  await service.settled();
  expect((await service.as(null).get(path)).text).toContain('to Berlin');
  await service.adapters.personalData.erase('customer:customer-1');
  const { status, text } = await service.as(null).get(path);
  expect([status, text.includes('Berlin')]).toEqual([200, false]);
});

it('says what an order waits for, that more is to come, and where a parcel is that came back', async () => {
  const { service, orderId } = await open();
  const { path } = await linkOf(service, orderId);
  const page = async () => (await service.as(null).get(path)).text;
  const change = (quantity: number) =>
    service.as('sandbox-admin').patch(`/v1/orders/${orderId}`, { lines: [{ lineId: '1', quantity }] });
  expect((await change(12)).status).toBe(200);
  await expect.poll(page).toContain('The order waits for goods.');
  const shipmentId = await dispatch(service, orderId);
  await expect.poll(page).toContain('0 of 3 boxes have arrived so far; more are to come.');
  for (const status of ['return_to_sender', 'in_transit', 'delivered']) {
    await report(service, shipmentId, { parcelId: 'P1', status });
  }
  await expect.poll(page).toContain('Back at the sender');
  expect(await page()).toContain('On its way back');
  expect(await page()).not.toMatch(/<li>Delivered(?:,|<br>)/);
});
