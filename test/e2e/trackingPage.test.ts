/** The customer's tracking page in a browser: accessible in light and dark, on a phone and a desktop, live and without scripts. */
import { existsSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrange, line, placeOrder } from '../http/arrange.ts';
import { startService, type TestService } from '../support/service.ts';

const executablePath = '/usr/bin/chromium';
const isThere = existsSync(executablePath);
const required = process.env.CI_REQUIRE?.split(',').includes('chromium') === true;
const whenThere = isThere ? '' : ' (skipped: apt-get install chromium)';

/** WCAG 2.2 AA, with all that it builds on. */
const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const looks = ['light', 'dark'] as const;
const widths = [360, 1_280] as const;

it.runIf(required)('Chromium is there, as CI_REQUIRE says', () => expect(isThere).toBe(true));

describe.skipIf(!isThere)(`the tracking page in Chromium${whenThere}`, () => {
  let service: TestService;
  let browser: Browser;
  let origin: string;
  let path: string;
  let shipmentId: string;

  const admin = () => service.as('sandbox-admin');
  const report = async (parcelId: string, status: string, location: string) => {
    const body = { parcelId, status, location, occurredAt: service.clock.now() };
    const answer = await admin().post(`/v1/shipments/${shipmentId}/tracking-events`, body);
    expect(answer.status, answer.text).toBe(201);
    await service.settled();
  };

  beforeAll(async () => {
    service = await startService();
    await arrange(service, { BER: { SOFA: 9 } });
    const { orderId } = (await placeOrder(admin(), [line('SOFA', 4)])).body;
    const parcels = ['P1', 'P2', 'P3', 'P4'].map((parcelId) => ({ parcelId, boxes: [] }));
    const body = { warehouseId: 'BER', carrier: 'parcelco', lines: [{ lineId: '1', quantity: 4 }], parcels };
    const sent = await admin().post(`/v1/orders/${orderId as string}/shipments`, body);
    shipmentId = sent.body.shipmentId as string;
    await report('P1', 'in_transit', 'Leipzig');
    for (const parcelId of ['P1', 'P2']) await report(parcelId, 'delivered', 'At the door');
    await report('P3', 'exception', 'Halle');
    const made = await admin().post(`/v1/orders/${orderId as string}/tracking-links`, {});
    path = new URL(made.body.url as string).pathname;
    origin = await service.app.listen({ port: 0, host: '127.0.0.1' });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    await service.close();
  });

  const withPage = async (options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> => {
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('pageerror', ({ message }) => faults.push(message));
      page.on('console', (said) => {
        if (said.type() === 'error' && !said.text().includes('404')) faults.push(said.text());
      });
      await look(page);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  };

  const cases = looks.flatMap((colorScheme) =>
    widths.flatMap((width) => (['order', 'nothing'] as const).map((shown) => ({ colorScheme, width, shown }))),
  );
  it.each(cases)('has no violation: $shown, $colorScheme, $width px', async ({ colorScheme, width, shown }) => {
    await withPage({ colorScheme, viewport: { width, height: 800 } }, async (page) => {
      await page.goto(`${origin}${shown === 'order' ? path : '/track/none'}`);
      expect(await page.locator('h1').textContent()).toBe(shown === 'order' ? 'Your order' : 'Nothing here');
      const { violations } = await new AxeBuilder({ page }).withTags(wcag).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      // Nothing is cut off or scrolled sideways (WCAG 2.2, 1.4.10).
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });
  });

  it('says the same without scripts', async () => {
    await withPage({ javaScriptEnabled: false }, async (page) => {
      await page.goto(`${origin}${path}`);
      await expect.poll(() => page.locator('main').innerText()).toContain('2 of 4 boxes have arrived.');
      await page.getByRole('link', { name: 'Look again' }).click();
      expect(page.url()).toBe(`${origin}${path}`);
    });
  });

  it('shows what is new while it is open', async () => {
    await withPage({}, async (page) => {
      await page.clock.install();
      await page.goto(`${origin}${path}`);
      expect(await page.locator('main').innerText()).toContain('2 of 4 boxes have arrived.');
      await report('P4', 'delivered', 'At the door');
      await page.clock.runFor(25_000);
      await expect.poll(() => page.locator('main').innerText()).toContain('3 of 4 boxes have arrived.');
    });
  });
});
