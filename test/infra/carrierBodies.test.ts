/** What carriers write, read into our words: their own examples, from `../shared/data/carriers`. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type CarrierReport, CarrierUnreadable } from '../../src/commands/carrierPorts.ts';
import { readCanadaPost } from '../../src/infra/carriers/canadaPost.ts';
import { readEasyPost } from '../../src/infra/carriers/easypost.ts';
import { readFedex } from '../../src/infra/carriers/fedex.ts';
import { readGeneric } from '../../src/infra/carriers/generic.ts';
import { readShippo } from '../../src/infra/carriers/shippo.ts';
import { readUsps } from '../../src/infra/carriers/usps.ts';
import { readXml, xmlBytesMax } from '../../src/infra/carriers/xml.ts';

const folder = join(import.meta.dirname, '../../../shared/data/carriers');
const areThere = existsSync(folder);
const notice = areThere ? '' : ' (shared/data/carriers is missing)';
const fileOf = (path: string): Buffer => readFileSync(join(folder, path));
const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const statusesOf = (reports: readonly CarrierReport[]) =>
  reports.toSorted((a, b) => (a.reportedAt < b.reportedAt ? -1 : 1)).map(({ status }) => status);

describe.skipIf(!areThere)(`EasyPost${notice}`, () => {
  it('tells the whole way of a parcel', () => {
    const reports = readEasyPost(fileOf('easypost-examples/guides/tracking-guide/json/tracking-webhook.json'));
    expect(reports.length).toBe(6);
    expect(reports[0]).toEqual({
      trackingNumber: 'EZ4000000004',
      carrier: 'UPS',
      status: 'pre_transit',
      detail: 'BILLING INFORMATION RECEIVED',
      reportedAt: '2014-11-21T14:24:00.000Z',
    });
    expect(reports[4]).toMatchObject({ status: 'out_for_delivery', location: 'SAN FRANCISCO, CA, US' });
    expect(reports[5]).toMatchObject({ status: 'delivered' });
  });

  it('is read in every example of a tracker, and says nothing of other things', () => {
    const files = globSync('easypost-{examples,python}/**/*.json', { cwd: folder });
    const read = files.flatMap((path) => {
      const object = (JSON.parse(fileOf(path).toString()) as { readonly object?: string } | null)?.object;
      return object === 'Event' || object === 'Tracker' ? [readEasyPost(fileOf(path))] : [];
    });
    expect(read.length).toBeGreaterThan(10);
    expect(read.filter((reports) => reports.length > 0).length).toBeGreaterThan(5);
  });
});

describe('EasyPost', () => {
  const tracker = (more: object, details: readonly object[]): Buffer =>
    bytesOf({
      object: 'Event',
      result: { object: 'Tracker', tracking_code: 'X1', tracking_details: details, ...more },
    });
  const datetime = '2026-11-24T08:00:00Z';

  it('of a return tells no delivery to the customer', () => {
    const reports = readEasyPost(
      tracker({ is_return: true }, [
        { status: 'pre_transit', datetime },
        { status: 'in_transit', datetime },
        { status: 'delivered', datetime },
      ]),
    );
    expect(reports.map(({ status }) => status)).toEqual(['pre_transit', 'return_to_sender', 'return_to_sender']);
  });

  it('keeps the words of a status that we do not know, and makes none up', () => {
    const [report] = readEasyPost(tracker({}, [{ status: 'teleported', message: 'Gone', datetime }]));
    expect(report).toEqual({ trackingNumber: 'X1', detail: 'Gone', reportedAt: '2026-11-24T08:00:00.000Z' });
  });

  it('tells a delay and an attempt by the finer status', () => {
    const details = ['weather_delay', 'delivery_attempted'].map((status_detail) => ({
      status: 'in_transit',
      status_detail,
      datetime,
    }));
    expect(statusesOf(readEasyPost(tracker({}, details)))).toEqual(['delayed', 'attempted_delivery']);
  });

  it.each(['', 'x', '[]', '{"object":"Event"', '{"object":"Invoice"}', '{"object":"Tracker"}'])(
    'is not read from %j',
    (body) => expect(() => readEasyPost(bytesOf(body))).toThrow(CarrierUnreadable),
  );
});

/** Recordings of a client's tests: bodies are packed, and broken into lines. */
const recorded = (path: string): Buffer => {
  const [, base64 = ''] = /!!binary \|\n((?:\s+[A-Za-z0-9+/=]+\n)+)/.exec(fileOf(path).toString()) ?? [];
  return gunzipSync(Buffer.from(base64.replaceAll(/\s/g, ''), 'base64'));
};

describe.skipIf(!areThere)(`Shippo${notice}`, () => {
  it('tells the history and the latest report', () => {
    const reports = readShippo(recorded('shippo-python/test_get_status'));
    expect(reports.at(-1)).toEqual({
      trackingNumber: '9205590164917337534322',
      carrier: 'usps',
      status: 'delivered',
      detail: 'Your shipment has been delivered at the destination mailbox.',
      location: 'Berkeley, CA, US',
      reportedAt: '2016-12-08T15:19:00.000Z',
    });
    expect(reports[0]).toMatchObject({ reportedAt: '2016-12-07T00:00:00.000Z' });
    expect(reports[0]).not.toHaveProperty('status');
  });

  it('tells nothing of a number that it does not know', () =>
    expect(readShippo(recorded('shippo-python/test_invalid_create'))).toEqual([]));

  it('is the same inside of a webhook', () => {
    const track: unknown = JSON.parse(recorded('shippo-python/test_get_status').toString());
    const message = bytesOf({ event: 'track_updated', data: track, test: false });
    expect(readShippo(message)).toEqual(readShippo(bytesOf(track)));
    expect(readShippo(bytesOf({ event: 'transaction_created', data: {} }))).toEqual([]);
  });
});

const fedex = 'active_shipping/fedex/tracking_response_';

describe.skipIf(!areThere)(`FedEx${notice}`, () => {
  it('tells the way to the door', () => {
    const reports = readFedex(fileOf(`${fedex}delivered_at_door.xml`));
    const statuses = statusesOf(reports);
    expect(statuses.slice(-2)).toEqual(['out_for_delivery', 'delivered']);
    // The shipper has sent its data after the parcel was picked up.
    expect(statuses.slice(0, 2)).toEqual(['in_transit', 'pre_transit']);
    expect(reports[0]).toMatchObject({ trackingNumber: '403934084723025', reportedAt: '2014-01-08T20:53:10.000Z' });
  });

  it('tells an exception, and where the parcel can be picked up', () => {
    expect(statusesOf(readFedex(fileOf(`${fedex}shipment_exception.xml`)))).toContain('exception');
    const held = statusesOf(readFedex(fileOf(`${fedex}delivered_at_facility.xml`)));
    expect(held).toContain('available_for_pickup');
    expect(held.at(-1)).toBe('delivered');
  });

  it('tells nothing of numbers that it does not know', () => {
    const unknown = ['not_found', 'invalid_tracking_number', 'bad_tracking_number', 'failure_code_9045'];
    for (const name of unknown) expect(readFedex(fileOf(`${fedex}${name}.xml`)), name).toEqual([]);
  });

  it('that can not process a request is away', () =>
    expect(() => readFedex(fileOf(`${fedex}unable_to_process.xml`))).toThrow('could not process'));

  it('is read in every example', () => {
    const files = globSync(`${fedex}*.xml`, { cwd: folder }).filter((path) => !path.includes('unable_to_process'));
    expect(files.length).toBe(14);
    for (const path of files) expect(Array.isArray(readFedex(fileOf(path))), path).toBe(true);
  });
});

describe.skipIf(!areThere)(`USPS${notice}`, () => {
  const folderOf = 'active_shipping/usps/';

  it('tells the way to the mailbox, in the order of the clock', () => {
    const reports = readUsps(fileOf(`${folderOf}tracking_response.xml`));
    expect(reports[0]).toEqual({
      trackingNumber: '9102901000462189604217',
      status: 'delivered',
      detail: 'Delivered, In/At Mailbox',
      location: 'HANNA CITY, IL',
      reportedAt: '2015-04-28T13:01:00.000Z',
    });
    const [first, ...rest] = statusesOf(reports);
    expect(first).toBe('pre_transit');
    expect(rest.slice(-2)).toEqual(['out_for_delivery', 'delivered']);
    expect(rest.slice(0, -2).every((status) => status === 'in_transit')).toBe(true);
  });

  it('tells of several numbers at once, and skips what has no time yet', () => {
    const numbers = readUsps(fileOf(`${folderOf}tracking_response_batch.xml`)).map((report) => report.trackingNumber);
    expect(new Set(numbers)).toEqual(new Set(['9102901000462189604217', '5555555555555555555555']));
    expect(statusesOf(readUsps(fileOf(`${folderOf}tracking_response_alt.xml`)))).toEqual(['out_for_delivery']);
  });

  it('tells nothing of a number that it does not know, and is away when it refuses the request', () => {
    expect(readUsps(fileOf(`${folderOf}tracking_response_failure.xml`))).toEqual([]);
    expect(readUsps(fileOf(`${folderOf}tracking_response_not_available.xml`))).toEqual([]);
    const refused = ['tracking_response_test_error.xml', 'invalid_xml_tracking_response_error.xml'];
    for (const name of refused) expect(() => readUsps(fileOf(`${folderOf}${name}`)), name).toThrow(/Server|Invalid/);
  });
});

describe.skipIf(!areThere)(`Canada Post${notice}`, () => {
  const pathOf = (name: string): string => `active_shipping/canadapost_pws/${name}.xml`;

  it('tells the way to the door, in its own time zone', () => {
    const reports = readCanadaPost(fileOf(pathOf('tracking_details_en')));
    expect(reports[0]).toEqual({
      trackingNumber: '1371134583769923',
      status: 'delivered',
      detail: 'Item successfully delivered',
      location: 'SAINTE-FOY, QC',
      reportedAt: '2011-02-03T16:59:59.000Z',
    });
    expect(statusesOf(reports).slice(0, 3)).toEqual(['pre_transit', 'in_transit', 'out_for_delivery']);
    expect(reports[1]).not.toHaveProperty('status');
  });

  it('tells the same in French', () => {
    const [english, french] = ['en', 'fr'].map((language) =>
      readCanadaPost(fileOf(pathOf(`tracking_details_${language}`))),
    );
    expect(statusesOf(french!)).toEqual(statusesOf(english!));
    expect(french![0]!.detail).toBe('Article livré avec succès');
  });

  it('tells of a parcel that waits to be picked up, and does not take a warning for a return', () => {
    const statuses = statusesOf(readCanadaPost(fileOf(pathOf('dnc_tracking_details_en'))));
    expect(statuses).toContain('attempted_delivery');
    expect(statuses).toContain('available_for_pickup');
    expect(statuses).not.toContain('return_to_sender');
  });

  it('tells nothing of a number that it does not know', () =>
    expect(readCanadaPost(fileOf(pathOf('tracking_details_en_error')))).toEqual([]));
});

describe('The generic shape', () => {
  const event = { trackingNumber: 'H-1', status: 'in_transit', occurredAt: '2026-11-24T08:00:00+01:00' };

  it('is read as it is, without what could show a text as another', () =>
    expect(
      readGeneric(
        bytesOf({ events: [{ ...event, carrier: 'Huber', detail: 'Hub\u202e A\u0000', location: 'Leipzig' }] }),
      ),
    ).toEqual([
      {
        trackingNumber: 'H-1',
        carrier: 'Huber',
        status: 'in_transit',
        detail: 'Hub A',
        location: 'Leipzig',
        reportedAt: '2026-11-24T07:00:00.000Z',
      },
    ]));

  it('of a return leg goes back to the sender', () =>
    expect(readGeneric(bytesOf({ events: [{ ...event, status: 'delivered', leg: 'return' }] }))).toMatchObject([
      { status: 'return_to_sender' },
    ]));

  it.each([
    {},
    { events: {} },
    { events: [{ ...event, occurredAt: 'yesterday' }] },
    { events: [{ status: 'delivered' }] },
  ])('is not read from %j', (body) => expect(() => readGeneric(bytesOf(body))).toThrow(CarrierUnreadable));
});

describe('XML', () => {
  it.each([
    ['what is nested too deeply', `${'<a>'.repeat(33)}x${'</a>'.repeat(33)}`],
    ['what never ends', '<a><b></a>'],
    ['what was never opened', '<a></b></a>'],
    ['a tag without an end', '<a><b'],
    ['no XML', 'Service unavailable'],
    ['too many bytes', `<a>${'x'.repeat(xmlBytesMax)}</a>`],
  ])('is not read with %s', (_, text) => {
    expect(() => readXml(Buffer.from(text))).toThrow(CarrierUnreadable);
  });

  it.each(['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<!doctype a SYSTEM "file:///etc/passwd"><a/>'])(
    'is not read with a document type: %s',
    (text) => expect(() => readXml(Buffer.from(text))).toThrow('document type'),
  );

  it('may have tags in comments and in what is quoted', () =>
    expect(readXml(Buffer.from('<?xml version="1.0"?><!-- <b> --><a><![CDATA[<b> & </c>]]></a>'))).toMatchObject({
      a: '<b> & </c>',
    }));

  it('keeps texts as texts, numbers too, and decodes what is escaped', () =>
    expect(readXml(Buffer.from('<p:a x="01"><p:b>007</p:b><p:b>R&amp;B &#233;</p:b></p:a>'))).toEqual({
      a: { '@x': '01', b: ['007', 'R&B é'] },
    }));
});
