/** What the benchmarks ask of the service beside the load. */
import { setTimeout as pause } from 'node:timers/promises';
import { berlin, hotSku, inventoryPath, orderSku, probeSku, skuOf, skusSpread, warehouseId } from './requests.ts';

export interface Api {
  readonly origin: string;
  readonly token: string;
}

export const signIn = async (origin: string, client: string): Promise<string> => {
  const answer = await fetch(`${origin}/oidc/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client}:sandbox`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
};

const attemptsMax = 5;

/** @throws Error with what came instead of an answer of success. */
export const ask = async ({ origin, token }: Api, method: string, path: string, body?: object): Promise<Response> => {
  const request = {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  let answer = await fetch(`${origin}${path}`, request);
  // A busy service asks for patience, in seconds.
  for (let attempt = 1; answer.headers.has('retry-after') && attempt < attemptsMax; attempt += 1) {
    await pause(1_000 * Number(answer.headers.get('retry-after')));
    answer = await fetch(`${origin}${path}`, request);
  }
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
};

export interface Level {
  readonly onHand: number;
  readonly reserved: number;
  readonly revision: number;
}
export const levelOf = async (api: Api, sku: string): Promise<Level> =>
  (await (await ask(api, 'GET', inventoryPath(sku))).json()) as Level;

/** Makes it, or describes it again. */
export const putWarehouse = (api: Api, id: string): Promise<Response> =>
  ask(api, 'PUT', `/v1/warehouses/${id}`, berlin);

export const prepare = async (api: Api): Promise<void> => {
  await putWarehouse(api, warehouseId);
  const skus = [...Array.from({ length: skusSpread }, (_, index) => skuOf(index)), hotSku, orderSku, probeSku];
  const changes = skus.map((sku) => ({
    kind: 'register',
    warehouseId,
    sku,
    onHand: sku === orderSku ? 2_000_000_000 : 0,
  }));
  await ask(api, 'POST', '/v1/inventory/changes', { changes });
};

/** So many pieces of each SKU. */
export const receiveAll = async (api: Api, quantity: number): Promise<void> => {
  const changes = Array.from({ length: skusSpread }, (_, index) => ({
    kind: 'receipt',
    warehouseId,
    sku: skuOf(index),
    quantity,
  }));
  await ask(api, 'POST', '/v1/inventory/changes', { changes });
};

/** The values of a metric, under all its labels. */
const valuesOf = async ({ origin }: Api, name: string): Promise<readonly number[]> => {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'gm'))].map((match) => Number(match[1]));
  if (values.length === 0) throw new Error(`The service does not publish ${name}.`);
  return values;
};

export const isSettled = async (api: Api): Promise<boolean> =>
  Math.max(...(await valuesOf(api, 'stockledger_consumer_lag_positions'))) === 0;

/** What the reconciler has found and mended in the last minutes: the policies had missed it. */
export const driftOf = async (api: Api): Promise<number> =>
  (await valuesOf(api, 'stockledger_reservation_drift')).reduce((sum, count) => sum + count, 0);

/** Waits until all that follows the log has caught up. @returns how long that took, ms. */
export const settle = async (api: Api): Promise<number> => {
  const startedAt = performance.now();
  while (!(await isSettled(api))) await pause(20);
  return performance.now() - startedAt;
};
