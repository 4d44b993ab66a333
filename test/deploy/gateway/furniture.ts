/** What shops, warehouses and customers really write: names, addresses, notes and SKUs that a firewall might mistake. */
import type { Asked } from '../../support/process.ts';

/** Names of people, streets and goods, in many scripts. */
const names = [
  "O'Neill & Söhne GmbH",
  "Mr. & Mrs. O'Brien-d'Arcy (2nd floor)",
  'Étagère «Zoë» 120×40',
  '北京市朝阳区 三里屯',
  'שולחן אוכל',
  'طاولة قهوة',
  'Стол «Берёза» №5',
  'โต๊ะไม้สัก',
  '😀 sofa 🛋️ for 👩‍👩‍👧',
  'Straße 12a, Hinterhaus; Klingel „Müller“',
  'Lamp (LED) [warm] {dimmable}',
  'Table 6\' x 4" -- plan #3',
  'SOFA/BLAU 3 = 2+1',
  'Regal links/rechts & oben',
  'C:\\Lager\\Regal 3',
  '100% wool; 50% off',
  '#1 / *fragile* /* top */',
  'Union Station, 3rd Street',
  'drop table lamp',
  'Cast iron table',
  'Echo dot lamp `beige`',
  'Python leather sofa',
  'File:cabinet 4',
  'null',
  '0x1F',
  '$5 off / 10€',
  'TABLE.OLD',
  'KEY.RACK.KEY',
];

/** Whole sentences, as they stand in notes and on delivery slips. */
const sentences = [
  'select all; drop by the table',
  'Insert into wardrobe from the left; update label',
  "it's order by phone, 1=1 or 2=2, don't mind",
  'Customer says "union" select chairs from catalogue',
  'Please ring; find the caretaker; cat is friendly',
  'time; who | sort',
  'Box A/B; ls on shelf',
  'see https://example.com/plan?id=1&x=2',
  'width < 90 cm and height > 2 m',
  '<3 thanks',
  "exec's desk; system cabinet",
  'having a sofa group by window',
  'Bed & breakfast; sleep(8) hours',
  'wake up; benchmark table 5',
  'ping me; nc at work',
  'on click = light on',
  'case when open then place end',
  'delete from shelf 3',
  'create table oak, alter table height',
  'if (closed) leave at door',
  'document the damage; cookie tin in box',
  'curl rug; wget nothing',
  'bash the door; sh; go left',
  'between 8 and 10, not like last time',
  'first line\nsecond line\tand a tab',
];

const box = { boxCode: 'A', lengthMm: 1, widthMm: 1, heightMm: 1, weightGrams: 1 };

const customerOf = (name: string) => ({ customerId: 'c1', name, email: 'zoë.o’neill+shop@example.invalid' });
const orderOf = (sku: string, name: string, line: string) => ({
  customer: { ...customerOf(name), phone: '+49 (0)30 / 12 34-56' },
  shipTo: { name, lines: [line, '3. OG'], city: name.slice(0, 60), postalCode: 'D-10115', countryCode: 'DE' },
  lines: [{ sku, quantity: 1, priceMinor: 100, currency: 'EUR' }],
});

const aboutName = (name: string): readonly Asked[] => {
  const sku = encodeURIComponent(name);
  const shelf = `/v1/warehouses/BER/inventory/${sku}`;
  return [
    { method: 'PUT', path: `/v1/items/${sku}`, body: { name, attributes: { colour: name }, boxes: [box] } },
    { method: 'POST', path: '/v1/warehouses/BER/inventory', body: { sku: name, onHand: 9 } },
    { method: 'POST', path: `${shelf}/receipts`, body: { quantity: 65_536, purchaseOrder: name, supplier: name } },
    { method: 'POST', path: `${shelf}/reservations`, body: { quantity: 1, expiresInSeconds: 600 } },
    { method: 'GET', path: shelf },
    { method: 'GET', path: `/v1/items/${sku}/availability?countryCode=DE&postalCode=10115` },
    { method: 'GET', path: `/v1/warehouses/BER/inventory?q=${sku}` },
    { method: 'GET', path: `/v1/warehouses/BER/inventory?sku=${sku}` },
    { method: 'POST', path: '/v1/orders', body: { ...orderOf(name, name, name), orderNumber: name } },
    { method: 'GET', path: `/v1/orders?orderNumber=${sku}` },
    { method: 'POST', path: '/v1/orders/search', body: { email: `o'neill+${sku.length}@example.invalid` } },
  ];
};

const aboutSentence = (note: string): readonly Asked[] => [
  {
    method: 'POST',
    path: `/v1/warehouses/BER/inventory/TABLE.OLD/adjustments`,
    body: { delta: 1, reason: 'other', note, reference: '0000012345' },
  },
  {
    method: 'POST',
    path: '/v1/inventory/changes',
    body: { changes: [{ kind: 'adjustment', warehouseId: 'BER', sku: 'null', delta: 1, reason: 'found', note }] },
  },
  { method: 'POST', path: '/v1/orders', body: orderOf('null', 'Zoë', note.replaceAll(/\s/g, ' ')) },
];

const rows = Array.from({ length: 500 }, (_, index) => ({
  ...{ kind: 'adjustment', warehouseId: 'BER', sku: 'null', delta: 1, reason: 'found' },
  note: `${sentences[index % sentences.length] ?? ''} `.repeat(20),
}));
const line = { sku: 'null', quantity: 1, priceMinor: 2_147_483_647, currency: 'EUR' };
const large: readonly Asked[] = [
  { method: 'POST', path: '/v1/inventory/changes', body: { changes: rows } },
  { method: 'POST', path: '/v1/orders', body: { ...orderOf('', "O'Neill", 'x'), lines: new Array(1_000).fill(line) } },
  { method: 'POST', path: '/v1/orders', body: { ...orderOf('', "O'Neill", 'x'), lines: new Array(200).fill(line) } },
];

/** In this order each is taken by the service, after the warehouse `BER` was made. */
export const furnitureRequests: readonly Asked[] = [
  ...names.flatMap((name) => aboutName(name)),
  ...sentences.flatMap((sentence) => aboutSentence(sentence)),
  ...large,
];
