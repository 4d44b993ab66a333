/** What is sent to carriers to ask for one number. Whose answer is read how: the file of each carrier. */
import type { CarrierReport } from '../../commands/carrierPorts.ts';
import { readCanadaPost } from './canadaPost.ts';
import type { CarrierCall } from './carrierHttp.ts';
import { readFedex } from './fedex.ts';
import { readUsps } from './usps.ts';

export interface AskedCarrier {
  readonly url: string;
  /** As the carrier has given it out; what has several parts is written with colons between them. */
  readonly key: string;
}

interface Question {
  readonly call: (number: string, asked: AskedCarrier) => CarrierCall;
  readonly read: (body: Uint8Array) => readonly CarrierReport[];
}

const escaped: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const asXml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escaped[character] ?? '');

const uspsCall = (number: string, { url, key }: AskedCarrier): CarrierCall => {
  const request =
    `<TrackFieldRequest USERID="${asXml(key)}"><Revision>1</Revision><ClientIp>127.0.0.1</ClientIp>` +
    `<SourceId>stockledger</SourceId><TrackID ID="${asXml(number)}"/></TrackFieldRequest>`;
  const address = new URL(url);
  address.searchParams.set('API', 'TrackV2');
  address.searchParams.set('XML', request);
  return { method: 'GET', url: address.href, headers: { accept: 'application/xml' } };
};

const canadaPostCall = (number: string, { url, key }: AskedCarrier): CarrierCall => ({
  method: 'GET',
  url: `${url}/vis/track/pin/${encodeURIComponent(number)}/detail`,
  headers: {
    accept: 'application/vnd.cpc.track+xml',
    authorization: `Basic ${Buffer.from(key).toString('base64')}`,
  },
});

const fedexCall = (number: string, { url, key }: AskedCarrier): CarrierCall => {
  const [user = '', password = '', account = '', meter = ''] = key.split(':').map(asXml);
  return {
    method: 'POST',
    url,
    headers: { accept: 'application/xml', 'content-type': 'text/xml; charset=utf-8' },
    body:
      '<TrackRequest xmlns="http://fedex.com/ws/track/v7"><WebAuthenticationDetail><UserCredential>' +
      `<Key>${user}</Key><Password>${password}</Password></UserCredential></WebAuthenticationDetail>` +
      `<ClientDetail><AccountNumber>${account}</AccountNumber><MeterNumber>${meter}</MeterNumber></ClientDetail>` +
      '<Version><ServiceId>trck</ServiceId><Major>7</Major><Intermediate>0</Intermediate><Minor>0</Minor></Version>' +
      '<SelectionDetails><PackageIdentifier><Type>TRACKING_NUMBER_OR_DOORTAG</Type>' +
      `<Value>${asXml(number)}</Value></PackageIdentifier></SelectionDetails>` +
      '<ProcessingOptions>INCLUDE_DETAILED_SCANS</ProcessingOptions></TrackRequest>',
  };
};

/** By carrier, as carriers are compared. */
export const questions = {
  canada_post: { call: canadaPostCall, read: readCanadaPost },
  fedex: { call: fedexCall, read: readFedex },
  usps: { call: uspsCall, read: readUsps },
} as const satisfies { readonly [carrier: string]: Question };
