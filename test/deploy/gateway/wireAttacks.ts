/** Attacks below HTTP as clients know it: bytes that two parsers could read differently, and what is too large. */
import { serverName } from './certificates.ts';

export interface WireAttack {
  readonly name: string;
  readonly bytes: string;
}

const host = `Host: ${serverName}\r\n`;
const json = 'Content-Type: application/json\r\n';
const hidden = `GET /metrics HTTP/1.1\r\n${host}\r\n`;
const post = (headers: string, body = ''): string => `POST /v1/orders HTTP/1.1\r\n${host}${json}${headers}\r\n${body}`;
const get = (headers: string, path = '/v1/items'): string => `GET ${path} HTTP/1.1\r\n${host}${headers}\r\n`;

/** Each is answered with an error, or with nothing. */
export const wireAttacks: readonly WireAttack[] = [
  {
    name: 'a length and chunks',
    bytes: post(`Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${hidden}`),
  },
  {
    name: 'chunks and a length',
    bytes: post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `5c\r\n${hidden}0\r\n\r\n`),
  },
  { name: 'two lengths', bytes: post('Content-Length: 2\r\nContent-Length: 60\r\n', `{}${hidden}`) },
  { name: 'a list of lengths', bytes: post('Content-Length: 2, 60\r\n', `{}${hidden}`) },
  { name: 'a length below nothing', bytes: post('Content-Length: -1\r\n') },
  { name: 'a length with a sign', bytes: post('Content-Length: +2\r\n', '{}') },
  { name: 'an unknown way of transfer', bytes: post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${hidden}`) },
  { name: 'two ways of transfer', bytes: post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${hidden}`) },
  { name: 'chunks whose size is no number', bytes: post('Transfer-Encoding: chunked\r\n', `zz\r\n{}\r\n0\r\n\r\n`) },
  { name: 'a blank before the colon', bytes: post('Transfer-Encoding : chunked\r\nContent-Length: 0\r\n', hidden) },
  { name: 'a folded header', bytes: get('X-One: a\r\n Transfer-Encoding: chunked\r\n') },
  { name: 'a bare carriage return in a header', bytes: get('X-One: a\rTransfer-Encoding: chunked\r\n') },
  { name: 'a zero byte in a header', bytes: get('X-One: a\0b\r\n') },
  { name: 'two hosts', bytes: get('Host: internal.test\r\n') },
  { name: 'no host', bytes: 'GET /v1/items HTTP/1.1\r\nAccept: */*\r\n\r\n' },
  { name: 'an address of another host', bytes: `GET http://internal.test/v1/items HTTP/1.1\r\n${host}\r\n` },
  { name: 'an old version of HTTP', bytes: `GET /v1/items HTTP/1.0\r\n${host}\r\n` },
  { name: 'no version of HTTP', bytes: 'GET /v1/items\r\n\r\n' },
  { name: 'a version that is not there', bytes: `GET /v1/items HTTP/3.7\r\n${host}\r\n` },
  { name: 'a tunnel', bytes: `CONNECT 127.0.0.1:6379 HTTP/1.1\r\n${host}\r\n` },
  { name: 'a method in small letters', bytes: `get /v1/items HTTP/1.1\r\n${host}\r\n` },
  { name: 'a control character in the address', bytes: get('', '/v1/items/a\u0001b') },
  { name: 'a line break that is encoded in the address', bytes: get('', '/v1/items/a%0d%0aX-Evil:%201') },
  { name: 'an address above the root', bytes: get('', '/../../v1/items') },
  { name: 'an escape that is none', bytes: get('', '/v1/items/%zz') },
  { name: 'one header that is too long', bytes: get(`X-Long: ${'a'.repeat(20_000)}\r\n`) },
  { name: 'too many headers', bytes: get('X-Many: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(2_000)) },
  { name: 'an address that is too long', bytes: get('', `/v1/items?q=${'a'.repeat(20_000)}`) },
  { name: 'a body that is announced too large', bytes: post('Content-Length: 99999999999\r\n', '{') },
  { name: 'an upgrade to HTTP/2 without TLS', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
];
