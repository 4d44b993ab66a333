/** Reads that fold part of the log (12): each of them may cost a second, so a caller has few of them at a time. */
import { expect, it } from 'vitest';
import { openService } from '../support/service.ts';
import { arrange } from './arrange.ts';

const sku = 'TABLE-OAK-160';
const explain = `/v1/warehouses/BER/inventory/${sku}/explain?field=onHand`;

it('a caller has eight of them at once, is told to come later beyond, and holds nobody else up (12)', async () => {
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
  const answers = Array.from({ length: 12 }, () => staff.get(explain));
  const first = await Promise.all(answers.map((answer) => Promise.race([answer, released])).slice(8));
  expect(first.map((answer) => answer?.body.code)).toEqual(Array.from({ length: 4 }, () => 'TOO_MUCH_AT_ONCE'));
  const others = auditor.get(explain);
  await expect.poll(() => begun).toBe(9);
  release();
  expect((await others).status).toBe(200);
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses).toEqual([...Array.from({ length: 8 }, () => 200), ...Array.from({ length: 4 }, () => 429)]);
  expect((await staff.get(explain)).status).toBe(200);
});
