/**
 * What clients really send passes the gateway and its firewall, all of it (R9.2): the guides as they stand, the examples
 * of the OpenAPI document, random commands of the model test, and names and notes that look like attacks.
 */
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signIn } from '../../bench/api.ts';
import { freePort, type Service, startService } from '../../demo/service.ts';
import { bodySchemaOf, exampleOf, urlOf } from '../http/requests.ts';
import { createDice } from '../model/dice.ts';
import { createKnown } from '../model/known.ts';
import { placeOrder } from '../model/orderCommands.ts';
import { bulkChange, stockChange } from '../model/stockCommands.ts';
import { type ApiDocument, operationsOf } from '../support/documented.ts';
import { follow, stepsOf } from '../support/guide.ts';
import { listen } from '../support/listening.ts';
import { type Asked, send, warehouse } from '../support/process.ts';
import { type RecordedRequest, recordedRequests } from '../support/recording.ts';
import { furnitureRequests } from './gateway/furniture.ts';
import { openPlainDoor, type PlainDoor } from './gateway/plainDoor.ts';
import { describeGateway, type Gateway, startGateway } from './gateway/runGateway.ts';

const projectRoot = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const recorded = recordedRequests();
const guides = globSync('docs/guides/*.md', { cwd: projectRoot }).sort();

/** Neither what is for scrapers inside, nor an SKU with `/../` in it: docs/deploy.md says so. */
const isForOutside = ({ url, body = '' }: RecordedRequest): boolean =>
  !/^\/(?:metrics|health\/ready)/.test(url) && !/(?:^|[/="])\.\.(?:["/]|$)/.test(`${decodeURIComponent(url)}\n${body}`);

describeGateway('the gateway in front of the service', () => {
  let dataDir: string;
  let service: Service;
  let gateway: Gateway;
  let door: PlainDoor;
  let token: string;
  let receiverPort: number;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'stockledger-gateway-'));
    receiverPort = await freePort();
    const settings = { ...process.env, TRUSTED_PROXIES: '127.0.0.1' };
    service = await startService({
      dataDir,
      partnerPort: receiverPort,
      warehouseIds: ['BER', 'PAR'],
      env: settings,
    });
    gateway = await startGateway({
      servicePort: Number(new URL(service.origin).port),
      env: { GATEWAY_LOG_LEVEL: 'info' },
    });
    door = await openPlainDoor(gateway);
    token = await signIn(door.origin, 'sandbox-admin');
  });
  afterAll(async () => {
    await door.close();
    await gateway.stop();
    await service.stop();
    await rm(dataDir, { recursive: true });
  });

  /** What the gateway answered by itself, with the rules that matched. */
  const stopped = (): readonly string[] =>
    gateway
      .lines()
      .filter(({ serviceStatus }) => serviceStatus === '')
      .map(({ requestId, method, path, status }) => {
        const rules = gateway.matches().filter((match) => match.requestId === requestId);
        return `${status} ${method} ${path} ${rules.map(({ rule, data }) => `${rule}: ${data}`).join('; ')}`;
      });
  const ask = (asked: Asked) => send(door.origin, token, asked);
  const putWarehouse = (id: string) => ask({ method: 'PUT', path: `/v1/warehouses/${id}`, body: warehouse });

  it('passes names, addresses, notes and SKUs of furniture, and the service takes each', async () => {
    await putWarehouse('BER');
    const refused: string[] = [];
    for (const asked of furnitureRequests) {
      const { status, body } = await ask(asked);
      if (status >= 300) refused.push(`${JSON.stringify(asked)}: ${status} ${JSON.stringify(body)}`);
    }
    expect(refused).toEqual([]);
    expect(furnitureRequests.length).toBeGreaterThan(300);
  });

  it('passes an example of each operation of the API', async () => {
    const document = (await (await fetch(`${door.origin}/openapi.json`)).json()) as ApiDocument;
    const operations = operationsOf(document).filter(({ path }) => path !== '/v1/stream');
    for (const documented of operations) {
      const schema = bodySchemaOf(documented);
      const body = schema === undefined ? undefined : (exampleOf(schema, document) as object);
      const headers = { 'if-match': '"0"' };
      const { status } = await ask({ method: documented.method, path: urlOf(documented), body, headers });
      expect(status).toBeLessThan(500);
    }
    expect(operations.length).toBeGreaterThan(30);
  });

  it('passes random commands of a model', { timeout: 120_000 }, async () => {
    const [dice, known] = [createDice(77), createKnown()];
    for (const warehouseId of ['BER', 'PAR', 'LON']) {
      await putWarehouse(warehouseId);
      known.shelves.push(...['ÄPFEL-1 (2kg)', 'SOFA 1/4 blau', 'SKU-1'].map((sku) => ({ warehouseId, sku })));
    }
    for (let count = 0; count < 600; count += 1) {
      const plan = dice.pick([stockChange, stockChange, bulkChange, placeOrder]);
      const { request, key } = plan(dice, 'admin', known);
      const { status } = await ask({ ...request, ...(key === null ? {} : { key }) });
      expect(status).toBeLessThan(500);
    }
  });

  it.each(guides)('passes all of %s', async (guide) => {
    const steps = stepsOf(readText(guide));
    const followed = await follow(steps, { origin: door.origin, receiverPort });
    expect(followed).toHaveLength(steps.length);
  });

  it('passes a change to who listens while the stream is open', async () => {
    const heard = await listen(`${door.origin}/v1/stream?types=WarehouseDefined,WarehouseChanged`, token);
    expect([heard.status, heard.contentType]).toEqual([200, 'text/event-stream']);
    await putWarehouse('NOW');
    await expect.poll(() => heard.messages.map(({ data }) => data.stream)).toContain('warehouse-NOW');
    expect(heard.ended()).toBe(false);
    heard.stop();
  });

  it('passes all that a carrier says, as it is: nobody has configured one here, says the service', async () => {
    const words = [`1' OR '1'='1`, '<script>alert(1)</script>', '../../etc/passwd', 'x'.repeat(200_000)];
    for (const message of words) {
      const answer = await ask({
        method: 'POST',
        path: '/v1/carriers/easypost/webhook?token=SECRET',
        body: { object: 'Event', result: { tracking_code: 'X1', tracking_details: [{ message }] } },
      });
      expect(answer).toMatchObject({ status: 404, body: { code: 'CARRIER_NOT_FOUND' } });
    }
  });

  it('hands the id of a request to the service, which keeps it with what it records', async () => {
    const requestId = '0b0f3a52-6f0e-4f6c-9d57-0f5a4a1c7d10';
    await ask({ method: 'PUT', path: '/v1/warehouses/IDS', body: warehouse, headers: { 'x-request-id': requestId } });
    const found = async () => (await ask({ method: 'GET', path: `/v1/audit/events?correlationId=${requestId}` })).body;
    await expect.poll(found).toMatchObject({ items: [{ stream: 'warehouse-IDS' }] });
  });

  it.skipIf(recorded === null)('passes what the tests of the API sent (RECORDED_REQUESTS_FILE)', async () => {
    for (const { method, url, headers, body } of (recorded ?? []).filter(isForOutside)) {
      const answer = await fetch(`${door.origin}${url}`, {
        method,
        headers: { ...headers, authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body }),
      });
      await answer.arrayBuffer();
    }
  });

  it('has stopped none of all that', async () => {
    const { sent, different } = door.counts();
    await expect.poll(() => gateway.lines().length).toBeGreaterThanOrEqual(sent - 1);
    expect(stopped()).toEqual([]);
    expect(different, `${sent} requests, answered with ${JSON.stringify(door.answers())}`).toBeGreaterThan(1_000);
  });
});
