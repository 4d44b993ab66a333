/**
 * The bare route that the service is measured against: the same request, the same schemas, the same token check, and
 * nothing behind it. Started as a process of its own, so that both stand alike.
 */
import Fastify from 'fastify';
import { registerValidation } from '../src/http/input/validation.ts';
import { OrderBody } from '../src/http/schemas/orders.ts';
import { AdjustmentBody, StockLevel, StockPath } from '../src/http/schemas/stock.ts';
import { createTokenVerifier } from '../src/infra/oidc/verifier.ts';

const { PORT = '0', ISSUER = '', JWKS_URI = '' } = process.env;
const verifier = createTokenVerifier({ issuer: ISSUER, audience: 'stockledger', jwksUri: JWKS_URI });
const app = Fastify();
registerValidation(app);

app.addHook('onRequest', async (request) => {
  await verifier.verify((request.headers.authorization ?? '').replace('Bearer ', ''));
});

const level = {
  warehouseId: 'BER',
  sku: 'SKU-1',
  onHand: 1,
  reserved: 0,
  quarantined: 0,
  incoming: 0,
  safetyStock: 0,
  available: 1,
  belowSafetyStock: false,
  status: 'active',
  revision: 1,
  updatedAt: '2026-11-24T09:30:00.000Z',
};
const { $id: _, ...answer } = StockLevel as typeof StockLevel & { $id?: string };
const url = '/v1/warehouses/:warehouseId/inventory/:sku';

app.post(`${url}/adjustments`, {
  schema: { params: StockPath, body: AdjustmentBody, response: { 201: answer } },
  handler: async (_request, reply) => reply.code(201).send(level),
});
app.post('/v1/orders', {
  schema: { body: OrderBody, response: { 201: answer } },
  handler: async (_request, reply) => reply.code(201).send(level),
});
app.get(url, {
  schema: { params: StockPath, response: { 200: answer } },
  handler: async () => level,
});

process.once('SIGTERM', () => {
  void app.close().then(() => process.exit(0));
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
