/**
 * Three queues, each with attempts of its own, so that none waits behind another's trouble (W16): the first few messages of
 * each owner, what has to wait its turn, and what goes to receivers that are slow or silent.
 */
import { deliveryQueue } from './ledger.ts';

export type RoomName = 'prompt' | 'backlog' | 'slow';

export interface Room {
  readonly queue: string;
  /** Jobs at once, in each process. One that hangs costs a socket. */
  readonly concurrency: number;
  /** Of these, one owner's: several owners' receivers may hang, and there is room for the others. */
  readonly perOwnerMax: number;
}

export const rooms: { readonly [Name in RoomName]: Room } = {
  // The name from before there were others: jobs of an older build lie there.
  prompt: { queue: deliveryQueue, concurrency: 96, perOwnerMax: 16 },
  backlog: { queue: 'webhook-deliveries-backlog', concurrency: 24, perOwnerMax: 8 },
  slow: { queue: 'webhook-deliveries-slow', concurrency: 16, perOwnerMax: 4 },
};

export const roomNames = Object.keys(rooms) as readonly RoomName[];

/** What one endpoint, and one owner, may have in the first room from one batch of the log; the rest waits its turn. */
export const promptPerEndpointMax = 8;
export const promptPerOwnerMax = 64;

export interface Sendable {
  readonly ownerId: string;
  /** Of one endpoint, in the order of its sequence. */
  readonly deliveryIds: readonly string[];
}

/** Which room each delivery begins in. Endpoints of one owner take turns, so that none of them uses up its share. */
export const shareOut = (all: readonly Sendable[]): { readonly [Name in 'prompt' | 'backlog']: readonly string[] } => {
  const left = new Map<string, number>();
  const prompt = new Set<string>();
  for (let turn = 0; turn < promptPerEndpointMax; turn += 1) {
    for (const { ownerId, deliveryIds } of all) {
      const id = deliveryIds[turn];
      const ownerLeft = left.get(ownerId) ?? promptPerOwnerMax;
      if (id === undefined || ownerLeft === 0) continue;
      prompt.add(id);
      left.set(ownerId, ownerLeft - 1);
    }
  }
  const backlog = all.flatMap(({ deliveryIds }) => deliveryIds.filter((id) => !prompt.has(id)));
  return { prompt: [...prompt], backlog };
};
