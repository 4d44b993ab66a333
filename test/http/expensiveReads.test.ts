/** Reads that fold part of the log (12): each of them may cost a second, so a caller has few of them at a time. */
import { expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const explain = `/v1/warehouses/BER/inventory/${sku}/explain?field=onHand`;

it('refuses the ninth read of a caller with 429, and answers another caller (12)', async () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = 0;
  let isHeld = false;
  const service = await openService({
    adapt: ({ events }) => ({
      events: Object.assign(Object.create(events) as typeof events, {
        readStream: async (...asked: Parameters<typeof events.readStream>) => {
          if (isHeld) {
            begun += 1;
            await released;
          }
          return events.readStream(...asked);
        },
      }),
    }),
  });
  await arrange(service, { BER: { [sku]: 5 } });
  const [staff, auditor] = [service.as('sandbox-staff'), service.as('sandbox-auditor')];
  isHeld = true;
  const refused: string[] = [];
  const answers = Array.from({ length: 12 }, async () => {
    const { status, body } = await staff.get(explain);
    if (status !== 200) refused.push(body.code);
    return status;
  });
  await expect.poll(() => refused).toEqual(Array.from({ length: 4 }, () => 'TOO_MUCH_AT_ONCE'));
  const others = auditor.get(explain);
  await expect.poll(() => begun).toBe(9);
  release();
  expect((await others).status).toBe(200);
  expect((await Promise.all(answers)).filter((status) => status === 200)).toHaveLength(8);
  expect((await staff.get(explain)).status).toBe(200);
});
