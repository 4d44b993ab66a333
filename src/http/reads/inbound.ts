/** How an inbound shipment is found, and shown. */
import type { UseCases } from '../../commands/index.ts';
import { type Reach, reachesWarehouse } from '../../domain/access/authorize.ts';
import { expectedOf, type Inbound, inboundStatusOf, type KnownInbound } from '../../domain/inbound/state.ts';
import { inboundStream } from '../../domain/values.ts';
import { Problem } from '../problems/problem.ts';

/** That of a warehouse out of reach is not found. @throws Problem */
export const reachedInbound = <T extends KnownInbound>(inbound: T | null, reach: Reach): T => {
  if (inbound !== null && reachesWarehouse(reach, inbound.warehouseId)) return inbound;
  throw new Problem('INBOUND_NOT_FOUND', 'No such inbound shipment.');
};

/** For commands. @throws Problem */
export const requireInbound = async (
  { load }: Pick<UseCases, 'load'>,
  inboundId: string,
  reach: Reach,
): Promise<KnownInbound> => {
  const { state } = await load.inbound(inboundStream(inboundId));
  return reachedInbound(state.phase === 'absent' ? null : state, reach);
};

interface Touched {
  readonly revision: number;
  readonly updatedAt: string;
}

/** The same whether it was read, or just written. */
export const showInbound = (inbound: Inbound, { revision, updatedAt }: Touched): Touched => {
  if (inbound.phase === 'absent') throw new Error('an accepted command left no inbound shipment');
  const { inboundId, warehouseId, reference, supplier, expectedAt, lines } = inbound;
  const shown = {
    inboundId,
    warehouseId,
    reference,
    supplier: supplier ?? null,
    status: inboundStatusOf(inbound),
    expectedAt,
    lines: lines.map((line) => {
      const { lineId, sku, quantity, accepted, rejected } = line;
      return { lineId, sku, quantity, accepted, rejected, expected: expectedOf(inbound, line) };
    }),
    revision,
    updatedAt,
  };
  return shown;
};
