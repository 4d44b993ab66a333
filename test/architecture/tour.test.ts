/** That the tour of the README works as it stands there, and may be sent again. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../../demo/service.ts';

const readme = join(import.meta.dirname, '../../README.md');
const hasTools = ['bash', 'curl', 'sed'].every((tool) => spawnSync(tool, ['--version']).status === 0);

/** A reader with neither bash nor curl can't follow it either. */
describe.skipIf(!hasTools)('the tour of the README', () => {
  let dataDir: string;
  let service: Service;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'stockledger-tour-'));
    service = await startService({ dataDir, partnerPort: 1, warehouseIds: ['BER'], env: process.env });
  });
  afterAll(async () => {
    await service.stop();
    await rm(dataDir, { recursive: true });
  });

  /** Its block as a reader pastes it, sent to this service; the JSON of the answers that it prints. */
  const follow = async (): Promise<string[]> => {
    const [, tour = ''] = /^```sh\n(TOKEN=[\s\S]*?)^```/m.exec(await readFile(readme, 'utf8')) ?? [];
    const script = tour.replaceAll('http://localhost:8080', service.origin);
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout.split('\n').filter((line) => line.startsWith('{'));
  };

  it('ends with 15 on hand, 4 reserved, 9 to sell, and says why; twice the same', async () => {
    const answers = await follow();
    const [warehouse, registered, adjusted, order, stock, explanation] = answers.map((line) => JSON.parse(line));
    expect(warehouse).toMatchObject({ warehouseId: 'BER', revision: 0 });
    expect([registered.onHand, adjusted.onHand]).toEqual([10, 15]);
    expect(order.lines[0].allocated).toEqual([{ warehouseId: 'BER', quantity: 4 }]);
    expect(stock).toMatchObject({ onHand: 15, reserved: 4, safetyStock: 2, available: 9 });
    expect(explanation.items.map(({ delta }: { delta: number }) => delta)).toEqual([8, 5, -4]);
    expect(explanation.after).toBe(9);
    expect(await follow()).toEqual(answers);
  });
});
