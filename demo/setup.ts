/** What has to be there before the first day: warehouses, items, and the partner's endpoint. */
import { problemCodeIn, textIn, UnexpectedAnswer } from './answers.ts';
import type { Catalogue } from './catalogue.ts';
import { type Client, inFlightMax } from './client.ts';
import { eachLimited } from './flow.ts';
import { warehouses } from './rules.ts';

const put = async (client: Client, path: string, body: object): Promise<void> => {
  const answer = await client.send({ method: 'PUT', path, as: 'sandbox-admin', body });
  if (answer.status >= 300) throw new UnexpectedAnswer(`${path}: ${problemCodeIn(answer.status, answer.body)}`);
};

export const openWarehouses = async (client: Client): Promise<void> => {
  for (const { warehouseId, ...about } of warehouses) {
    const body = { ...about, countryCode: 'GB', timeZone: 'Europe/London', operator: 'own' };
    await put(client, `/v1/warehouses/${warehouseId}`, body);
  }
};

export const loadCatalogue = (client: Client, { items }: Catalogue): Promise<void> =>
  eachLimited(items, inFlightMax, ({ sku, body }) => put(client, `/v1/items/${sku}`, body));

/** Not `stock.changed`: a message for every movement of a year in minutes would drown the ones a partner waits for. */
const eventTypes = ['order.placed', 'order.backordered', 'order.cancelled', 'order.shipped', 'order.delivered'];

/** Returns the endpoint's secret, which is told once. */
export const subscribePartner = async (client: Client, url: string): Promise<string> => {
  const { status, body } = await client.send({
    method: 'POST',
    path: '/v1/webhook-endpoints',
    as: 'sandbox-admin',
    body: { url, eventTypes },
    idempotencyKey: 'partner-endpoint',
  });
  if (status !== 201) throw new UnexpectedAnswer(`/v1/webhook-endpoints: ${problemCodeIn(status, body)}`);
  return textIn(body, 'secret');
};
