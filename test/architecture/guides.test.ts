/** That the tour of the README and every guide work as they stand there, on a service that was just started. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, startService } from '../../demo/service.ts';
import { asShown, type Followed, follow, followMaxMs, type Place, startLinesOf, stepsOf } from '../support/guide.ts';

const projectRoot = join(import.meta.dirname, '../..');
const readText = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const people = ['shop', 'warehouse', 'support', 'auditor', 'partner'];
const guides = globSync('docs/guides/*.md', { cwd: projectRoot }).sort();
/** Pages beside the guides that show commands with their answers. */
const pages = [...guides, ...globSync('docs/*.md', { cwd: projectRoot }).sort()].filter((page) =>
  stepsOf(readText(page)).some(({ commands }) => commands.includes('docs/guides/try.sh')),
);
const hasTools = ['bash', 'curl', 'sed'].every((tool) => spawnSync(tool, ['--version']).status === 0);

/** All of them, one after another. */
const allMaxMs = 3 * followMaxMs;

/** As `npm start` with `WEBHOOK_ALLOWED_TARGETS=127.0.0.1:9000`, on ports that are free. */
const openPlace = async (): Promise<Place> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'stockledger-guide-'));
  const receiverPort = await freePort();
  const env = { ...process.env, RATE_LIMIT_PER_MINUTE: '6000' };
  const service = await startService({ dataDir, partnerPort: receiverPort, warehouseIds: ['BER', 'PAR'], env });
  onTestFinished(async () => {
    await service.stop();
    await rm(dataDir, { recursive: true });
  });
  return { origin: service.origin, receiverPort };
};

/** What a step shows, beside the last that it answered. */
const expectShown = ({ step, answers }: Followed): void => {
  if (step.shown === null) return;
  expect(answers.at(-1), step.commands).toMatchObject(asShown(step.shown) as object);
};

/** A reader with neither bash nor curl can't follow it either. */
describe.skipIf(!hasTools)('the tour of the README', () => {
  it('ends with 15 on hand, 4 reserved, 9 to sell, and says why; twice the same', async () => {
    const place = await openPlace();
    const tour = stepsOf(readText('README.md')).filter(({ commands }) => commands.startsWith('TOKEN='));
    const answers = (await follow(tour, place)).flatMap((step) => step.answers);
    const [warehouse, registered, adjusted, order, stock, explanation] = answers;
    expect(warehouse).toMatchObject({ warehouseId: 'BER', revision: 0 });
    expect([registered, adjusted]).toMatchObject([{ onHand: 10 }, { onHand: 15 }]);
    expect(order).toMatchObject({ lines: [{ allocated: [{ warehouseId: 'BER', quantity: 4 }] }] });
    expect(stock).toMatchObject({ onHand: 15, reserved: 4, safetyStock: 2, available: 9 });
    expect(explanation).toMatchObject({ after: 9, items: [{ delta: 8 }, { delta: 5 }, { delta: -4 }] });
    expect((await follow(tour, place)).flatMap((step) => step.answers)).toEqual(answers);
  });
});

describe('the guides', () => {
  it('are one for each kind of person', () => {
    expect(guides).toEqual(people.map((person) => `docs/guides/${person}.md`).sort());
  });

  it.each(pages)('%s starts the service in a way that is tried, and shows answers', (page) => {
    const plain = ['npm start', 'WEBHOOK_ALLOWED_TARGETS=127.0.0.1:9000 npm start'];
    expect(startLinesOf(readText(page)).filter((line) => !plain.includes(line))).toEqual([]);
    expect(stepsOf(readText(page)).filter(({ shown }) => shown !== null).length).toBeGreaterThan(1);
  });
});

describe.skipIf(!hasTools)('a guide that is followed on a fresh start', () => {
  it.each(pages)('%s is answered as it shows', async (page) => {
    const followed = await follow(stepsOf(readText(page)), await openPlace());
    followed.forEach(expectShown);
  });

  it('does not mind the guides that were followed before it, whatever their order', { timeout: allMaxMs }, async () => {
    const place = await openPlace();
    for (const page of pages.toReversed()) (await follow(stepsOf(readText(page)), place)).forEach(expectShown);
  });
});

describe('an answer that a guide shows', () => {
  const shown = (text: string): object =>
    stepsOf(`\`\`\`sh\ntrue\n\`\`\`\n\n\`\`\`json\n${text}\n\`\`\`\n`)[0]?.shown ?? {};
  const answered = { orderId: '01a2', lines: [{ quantity: 4, sku: 'SOFA' }], note: null };

  it.each(['{ "orderId": "01…" }', '{ "lines": [{ "quantity": 4 }] }'])('%s is a part of what is answered', (text) => {
    expect(answered).toMatchObject(asShown(shown(text)) as object);
  });

  it.each(['{ "orderId": "02…" }', '{ "lines": [] }', '{ "lines": [{ "quantity": 5 }] }', '{ "note": "" }'])(
    '%s is not',
    (text) => {
      expect(answered).not.toMatchObject(asShown(shown(text)) as object);
    },
  );
});
