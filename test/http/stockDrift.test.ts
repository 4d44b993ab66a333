/** A figure that is shown and is not the fold of the events, planted into the log (B4). */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { stockStream } from '../../src/domain/values.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { openService } from '../support/service.ts';
import { arrange } from './arrange.ts';

/** The service looks every 10 s, and a busy machine needs longer. */
const waitMs = 120_000;

describe('a service that shows a figure that its events do not come to', () => {
  it('tells so in its metrics, and has nothing to tell of one that is well', { timeout: 2 * waitMs }, async () => {
    const service = await openService();
    await arrange(service, { BER: { TABLE: 4, LAMP: 2 } });
    const figures = async (name: string) => {
      const { text } = await service.as(null).get('/metrics');
      return [...text.matchAll(new RegExp(`^${name}\\S* (\\d+)$`, 'gm'))].map(([, value]) => Number(value));
    };
    await expect.poll(() => figures('stockledger_stock_drift_checked_total'), { timeout: waitMs }).not.toEqual([0]);
    expect(await figures('stockledger_stock_drift\\{')).toEqual([0, 0, 0, 0, 0]);

    const { events } = service.adapters;
    const stream = stockStream('BER', 'TABLE');
    const [last] = await events.readStream(stream, 0, 1);
    const { stream: _, revision, position: __, ...envelope } = last as RecordedEvent;
    const after = { onHand: 7, reserved: 0, quarantined: 0, incoming: 0, safetyStock: 0 };
    const data = { warehouseId: 'BER', sku: 'TABLE', quantity: 1, after };
    const planted = { ...envelope, id: randomUUID(), type: 'StockReceived', data };
    expect((await events.append(stream, revision, [planted])).kind).toBe('appended');
    await expect.poll(() => figures('stockledger_stock_drift\\{'), { timeout: waitMs }).toEqual([2, 0, 0, 0, 0]);
  });
});
