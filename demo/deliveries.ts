/** The courier's part: some shipments are followed to the door, days after they left. */
import { setTimeout as pause } from 'node:timers/promises';
import { problemCodeIn, UnexpectedAnswer } from './answers.ts';
import type { Client } from './client.ts';
import { eachLimited } from './flow.ts';
import type { Sent } from './orders.ts';
import type { Tally } from './tally.ts';

const transitMs = 2 * 24 * 3_600_000;
/** A shipment is known to its own address a moment after the order shows it. */
const attemptsMax = 50;
const inFlight = 8;

const report = async (client: Client, { shipmentId, parcelId }: Sent): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await client.send({
      method: 'POST',
      path: `/v1/shipments/${shipmentId}/tracking-events`,
      as: 'sandbox-admin',
      // The dispatch was recorded today; a report of the year that the rows are of would lie far before it.
      body: { parcelId, status: 'delivered', occurredAt: new Date().toISOString() },
      idempotencyKey: `delivered-${shipmentId}-${attempt}`,
    });
    if (status < 300) return;
    if (status !== 404 || attempt === attemptsMax) {
      throw new UnexpectedAnswer(`Shipment ${shipmentId}: ${problemCodeIn(status, body)}`);
    }
    await pause(100);
  }
};

export interface Courier {
  take(shipments: readonly Sent[]): void;
  /** Delivers what is due at that time (ISO 8601 UTC); everything when none is given. */
  deliver(now?: string): Promise<void>;
}

export const createCourier = (client: Client, tally: Tally): Courier => {
  let underway: readonly Sent[] = [];
  return {
    take: (shipments) => {
      underway = [...underway, ...shipments];
    },
    deliver: async (now) => {
      const isDue = ({ shippedAt }: Sent): boolean =>
        now === undefined || Date.parse(shippedAt) + transitMs <= Date.parse(now);
      const due = underway.filter(isDue);
      underway = underway.filter((sent) => !isDue(sent));
      await eachLimited(due, inFlight, async (sent) => {
        await report(client, sent);
        tally.deliveries += 1;
      });
    },
  };
};
