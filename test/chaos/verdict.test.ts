/** That the verdict of a chaos run can fail: each kind of fault, planted in stores that are in order otherwise. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { allProjections } from '../../src/app/readModels.ts';
import { derivedId } from '../../src/eventsourcing/commandHandling/ids.ts';
import type { RecordedEvent } from '../../src/eventsourcing/message.ts';
import { partNames, projectBatch } from '../../src/eventsourcing/projecting/projection.ts';
import { createSqliteCheckpoints } from '../../src/infra/sqlite/checkpoints.ts';
import { createSqliteDocuments } from '../../src/infra/sqlite/documents/documents.ts';
import { openDatabase } from '../../src/infra/sqlite/file/database.ts';
import { plannerName } from '../../src/webhooks/planner.ts';
import { logOf, move, openSource, registered, stockEvents } from '../projections/stockLog.ts';
import { planCommands } from './commands.ts';
import { isClean } from './options.ts';
import { doubledFacts, type Evidence, lostKeys, staleDocuments, stuckConsumers } from './verdict.ts';

const parts = 2;
const log = logOf(...stockEvents(registered(5), move('StockReceived', { quantity: 3 })));

const arrange = async () => {
  const db = openDatabase(':memory:');
  onTestFinished(() => db.close());
  const documents = createSqliteDocuments(db);
  const { generations: _, ...checkpoints } = await createSqliteCheckpoints(db);
  for (const projection of allProjections) {
    const { name, indexes, lists } = projection;
    await documents.ensure({ name, indexes, lists });
    const handled = log.filter(({ type }) => projection.handles.includes(type));
    await projectBatch(projection, { documents, collection: name }, handled);
  }
  const names = [...allProjections.flatMap(({ name }) => partNames(name, parts)), plannerName, 'reactions_v1'];
  for (const name of names) await checkpoints.advance(name, { from: null, to: log.at(-1)!.position, epoch: 0 });
  return { events: await openSource(log), documents, checkpoints, projectionParts: parts } satisfies Evidence;
};

const withCommand = (key: string): RecordedEvent => ({
  ...log[1]!,
  metadata: { ...log[1]!.metadata, commandId: derivedId(`request/sandbox-admin sandbox-admin ${key}`) },
});

describe('the verdict of a chaos run', () => {
  it('finds nothing where all is well', async () => {
    const evidence = await arrange();
    expect(await staleDocuments(log, evidence)).toEqual([]);
    expect(await stuckConsumers(log, evidence)).toEqual([]);
    expect(await doubledFacts(log)).toEqual([]);
    expect(lostKeys([withCommand('a')], ['a'])).toEqual([]);
  });

  it('finds a command that was acknowledged and is not in the log', () => {
    expect(lostKeys([withCommand('a')], ['a', 'b'])).toEqual(['b']);
  });

  it('finds an event that is there twice, and stock that does not add up', async () => {
    const again = { ...log[1]!, revision: 2, position: { commit: 99n, prepare: 99n } };
    const found = await doubledFacts([...log, again]);
    expect(found.some((each) => each.endsWith('twice'))).toBe(true);
    expect(found.some((each) => each.includes('not the fold'))).toBe(true);
  });

  it('finds a document that is behind, one that is missing, and one too many', async () => {
    const evidence = await arrange();
    const { name } = allProjections.find((each) => each.name.startsWith('stock_levels'))!;
    const [stored] = await evidence.documents.find<object>(name, { where: {}, limit: 1 });
    const { id, document, position } = stored!;
    const put = (change: object | null, at: bigint, expected: bigint | null, to = id) =>
      evidence.documents.write(name, [{ id: to, document: change, position: at, expected }]);
    await put({ ...document, onHand: 0 }, position + 1n, position);
    expect(await staleDocuments(log, evidence)).toEqual([`${name}/${id}`]);
    await put(null, position + 2n, position + 1n);
    expect(await staleDocuments(log, evidence)).toContain(`${name}/${id}`);
    await put(document, position + 3n, null);
    await put(document, 1n, null, 'PAR.NOBODY');
    expect(await staleDocuments(log, evidence)).toEqual([`${name}: 1 more than the log makes`]);
  });

  it('finds a part of a projection that stands still', async () => {
    const evidence = await arrange();
    const [name = ''] = partNames('stock_levels_v1', parts);
    await evidence.checkpoints.reset(name);
    await evidence.checkpoints.advance(name, { from: null, to: log[0]!.position, epoch: 0 });
    expect(await stuckConsumers(log, evidence)).toEqual([name]);
  });

  it('is not clean when any of its figures says so', () => {
    const clean = {
      seed: 1,
      acknowledged: 9,
      lost: 0,
      doubled: 0,
      staleDocuments: 0,
      webhooksDue: 5,
      webhooksMissing: 0,
    };
    const figures = { ...clean, stuckProjections: 0, kills: 14 };
    expect(isClean(figures)).toBe(true);
    for (const name of ['lost', 'doubled', 'staleDocuments', 'webhooksMissing', 'stuckProjections'] as const) {
      expect(isClean({ ...figures, [name]: 1 }), name).toBe(false);
    }
  });
});

describe('the commands of a run', () => {
  it('are the same for the same seed, and of every kind', () => {
    const commands = planCommands(7, 500);
    expect(planCommands(7, 500)).toEqual(commands);
    expect(planCommands(8, 500)).not.toEqual(commands);
    const kinds = new Set(commands.map(({ path }) => path.split('/').at(-1)));
    expect(kinds).toEqual(new Set(['adjustments', 'receipts', 'reservations', 'orders', 'status']));
    expect(new Set(commands.map(({ key }) => key)).size).toBe(500);
  });

  it('cancel each order at most once, and only one that was placed before', () => {
    const commands = planCommands(7, 500);
    const cancelled = commands.flatMap(({ after }) => after ?? []);
    expect(new Set(cancelled).size).toBe(cancelled.length);
    for (const [index, { after }] of commands.entries()) {
      if (after !== undefined) expect(commands.findIndex(({ key }) => key === after)).toBeLessThan(index);
    }
  });
});
