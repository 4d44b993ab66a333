/** The live stream under load: filtered before it is held, never started over, never held up by who does not read. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LiveListener } from '../../src/eventsourcing/consumers/liveEvents.ts';
import type { Position, RecordedEvent } from '../../src/eventsourcing/message.ts';
import { createPacer } from '../../src/eventsourcing/projecting/builtReadModels.ts';
import { createLiveOutlet, type LiveOutlet, pumpLive } from '../../src/http/reads/liveStream.ts';
import { golden } from '../projections/golden.ts';

const positionOf = (at: number): Position => ({ commit: BigInt(at), prepare: BigInt(at) });
const eventAt = (at: number): RecordedEvent => ({
  ...golden('ItemDefined', 1),
  stream: `item-${at % 2 === 0 ? 'EVEN' : 'ODD'}`,
  revision: at,
  position: positionOf(at),
});

/** A log that grows, and one client of it that reads one message each time it is let. */
const openLog = () => {
  const log: RecordedEvent[] = [];
  const listeners = new Set<LiveListener>();
  const sent: number[] = [];
  const told: (number | null)[] = [];
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  let room: Promise<unknown> = Promise.resolve();
  let scans = 0;
  let turns = 0;
  const pacer = createPacer();
  const outlet: LiveOutlet = {
    send: async ({ position }) => {
      await room;
      sent.push(Number(position.commit));
    },
    sayHere: (upTo) => void told.push(upTo === null ? null : Number(upTo.commit)),
  };
  return {
    sent,
    told,
    scans: () => scans,
    turns: () => turns,
    hold: (until: Promise<unknown>) => {
      room = until;
    },
    write: (count: number) => {
      for (let each = 0; each < count; each += 1) {
        const event = eventAt(log.length + 1);
        log.push(event);
        for (const listener of listeners) listener(event);
      }
    },
    run: (from: Position | null, filter: (event: RecordedEvent) => boolean) =>
      pumpLive(
        {
          source: {
            scan: async (at) => {
              scans += 1;
              const next = Number(at?.commit ?? 0n);
              const events = log.slice(next, next + 100);
              return { events, upTo: events.at(-1)?.position ?? at, isCaughtUp: next + 100 >= log.length };
            },
          },
          live: {
            position: () => log.at(-1)?.position ?? null,
            subscribe: (listener) => {
              listeners.add(listener);
              return () => listeners.delete(listener);
            },
          },
          pace: () => {
            turns += 1;
            return pacer();
          },
          filter,
          hint: {},
          outlet,
          signal: stopping.signal,
        },
        from,
      ),
  };
};

const evens = ({ stream }: RecordedEvent): boolean => stream === 'item-EVEN';
const all = (): boolean => true;

describe('a client of the live stream', () => {
  it('that is slower than the log grows gets all of it from the log, and does not start over', async () => {
    const log = openLog();
    const { promise: letGo, resolve } = Promise.withResolvers();
    void log.run(null, all);
    log.write(10);
    await expect.poll(() => log.sent).toHaveLength(10);
    log.hold(letGo);
    // More than is held for it: what is dropped is read again when there is room.
    log.write(6_000);
    resolve(undefined);
    await expect.poll(() => log.sent).toHaveLength(6_010);
    expect(log.sent).toEqual(Array.from({ length: 6_010 }, (_, index) => index + 1));
  });

  it('is held only what its filter lets through, so that others do not fill its queue', async () => {
    const log = openLog();
    void log.run(null, ({ revision }) => revision % 1_000 === 0);
    await expect.poll(() => log.told).toHaveLength(1);
    const before = log.scans();
    log.write(5_000);
    await expect.poll(() => log.sent).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
    expect(log.scans()).toBe(before);
  });

  it('that resumes is told up to where nothing was for it, and goes on from there', async () => {
    const log = openLog();
    log.write(950);
    void log.run(positionOf(10), () => false);
    await expect.poll(() => log.told).toEqual([950]);
    expect(log.sent).toEqual([]);
  });

  it('reads each slice of the log in a turn of its own, so that others come in between (12)', async () => {
    const log = openLog();
    log.write(950);
    void log.run(null, all);
    await expect.poll(() => log.sent).toHaveLength(950);
    expect([log.scans(), log.turns()]).toEqual([10, 10]);
  });

  it('misses nothing that happens while it catches up', async () => {
    const log = openLog();
    log.write(500);
    void log.run(positionOf(100), evens);
    for (let round = 0; round < 20; round += 1) {
      log.write(25);
      await new Promise(setImmediate);
    }
    await expect.poll(() => log.sent.at(-1)).toBe(1_000);
    expect(log.sent).toEqual(Array.from({ length: 450 }, (_, index) => 102 + 2 * index));
  });
});

describe('long reads', () => {
  it('take turns: one slice in each turn of the loop, of all of them together', async () => {
    const pace = createPacer();
    let turn = 0;
    let ticking = setImmediate(function tick() {
      turn += 1;
      ticking = setImmediate(tick);
    });
    onTestFinished(() => clearImmediate(ticking));
    const turns: number[] = [];
    const read = async (): Promise<void> => {
      for (let slice = 0; slice < 3; slice += 1) {
        await pace();
        turns.push(turn);
      }
    };
    await Promise.all(Array.from({ length: 20 }, read));
    expect(turns).toHaveLength(60);
    expect(new Set(turns).size).toBe(60);
  });
});

describe('a socket that is not read', () => {
  it('is destroyed after its grace, and not written to meanwhile', async () => {
    const { promise: opened, resolve } = Promise.withResolvers<ServerResponse>();
    const server = createServer((_, response) => resolve(response)).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const deaf = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void deaf.destroy());
    deaf.pause();
    deaf.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const response = await opened;
    const outlet = createLiveOutlet(response, {
      signal: new AbortController().signal,
      reach: { warehouses: 'all', customerId: null, role: 'admin' },
      drainWaitMs: 50,
    });
    const large = { ...eventAt(1), data: { sku: 'A', name: 'x'.repeat(1_000_000) } };
    let sends = 0;
    const writing = (async () => {
      while (!response.destroyed) {
        await outlet.send(large);
        sends += 1;
      }
    })();
    await writing;
    expect(sends).toBeLessThan(50);
    const before = response.writableLength;
    outlet.sayHere(positionOf(1));
    expect(response.writableLength).toBe(before);
  });
});
