/** What a request says of who sends it: the token, a DPoP proof (RFC 9449), the certificate of the client (RFC 8705). */
import { hash, X509Certificate } from 'node:crypto';
import { BlockList, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import type { TokenScheme, TokenSender } from '../../commands/ports.ts';

export interface Credentials extends TokenSender {
  readonly token: string;
}

/** `null`: the request has no token. */
export type ReadCredentials = (request: FastifyRequest) => Credentials | null;

interface CredentialsOptions {
  /** How clients reach the service: what a proof is made for, whatever a request says of its host. */
  readonly publicUrl: string;
  /** Addresses and networks of the proxies that are believed about the certificate of a client. */
  readonly trustedProxies: readonly string[];
}

/** In any letters, and a blank (RFC 9110 §11.4). */
const prefixes = { Bearer: /^Bearer $/i, DPoP: /^DPoP $/i } as const;

const isSentAs = (scheme: TokenScheme, value: string): boolean =>
  prefixes[scheme].test(value.slice(0, scheme.length + 1));

const schemeOf = (value: string): TokenScheme | null => {
  if (isSentAs('Bearer', value)) return 'Bearer';
  return isSentAs('DPoP', value) ? 'DPoP' : null;
};

/** By a trusted proxy alone: PEM, percent-encoded, as `$ssl_client_escaped_cert` of nginx (deploy/gateway). */
const certificateHeader = 'x-client-certificate';

const familyOf = (address: ipaddr.IPv4 | ipaddr.IPv6): 'ipv4' | 'ipv6' => (address.kind() === 'ipv6' ? 'ipv6' : 'ipv4');

/** @returns whether an address is one of them. */
const createIsAmong = (networks: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const network of networks) {
    const [text = '', prefixBits] = network.split('/');
    const address = ipaddr.process(text);
    if (prefixBits === undefined) list.addAddress(address.toString(), familyOf(address));
    else list.addSubnet(ipaddr.parse(text).toString(), Number(prefixBits), familyOf(ipaddr.parse(text)));
  }
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return list.check(address.toString(), familyOf(address));
  };
};

const thumbprintOf = ({ raw }: X509Certificate): string => hash('sha256', raw, 'base64url');

/** One that leads to the authority of `TLS_CLIENT_CA_FILE`; the handshake has shown that the client holds its key. */
const certificateOfConnection = (socket: Socket): string | null => {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : thumbprintOf(certificate);
};

const forwardedCertificate = ({ headers }: FastifyRequest): string | null => {
  const value = headers[certificateHeader];
  if (typeof value !== 'string' || value === '') return null;
  try {
    return thumbprintOf(new X509Certificate(decodeURIComponent(value)));
  } catch {
    return null;
  }
};

/** Headers that came more than once are joined by commas, and a proof has none (RFC 9449 §4.3). */
const proofOf = ({ headers: { dpop } }: FastifyRequest): string | null =>
  typeof dpop === 'string' && dpop !== '' && !dpop.includes(',') ? dpop : null;

export const createReadCredentials = ({ publicUrl, trustedProxies }: CredentialsOptions): ReadCredentials => {
  const isTrusted = createIsAmong(trustedProxies);
  /** The certificate of a proxy's own connection says nothing of the client. */
  const certificateOf = (request: FastifyRequest): string | null =>
    isTrusted(request.socket.remoteAddress ?? '')
      ? forwardedCertificate(request)
      : certificateOfConnection(request.socket);

  return (request) => {
    const value = request.headers.authorization ?? '';
    const scheme = schemeOf(value);
    if (scheme === null) return null;
    const token = value.slice(scheme.length + 1).trimStart();
    if (token === '') return null;
    return {
      token,
      scheme,
      shown: () => ({
        method: request.method,
        url: publicUrl + request.url,
        proof: proofOf(request),
        certificate: certificateOf(request),
      }),
    };
  };
};
