/** The same service over TLS, where it is given a certificate (R4.4). */
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:https';
import type { Certificate, CertificatePair } from './ports.ts';

/** TLS 1.0 and 1.1 are deprecated (RFC 8996). */
const minVersion = 'TLSv1.2';
/** A client that connects and says nothing holds a socket; a handshake takes some round trips. */
const handshakeTimeout = 10_000;
/** Node.js looks only so often for requests that take too long; by itself every 30 s. */
export const connectionsCheckingInterval = 5_000;
/** As Fastify has it for its own servers: longer than most proxies keep a connection to us. */
const keepAliveTimeout = 72_000;

const contextOf = ({ cert, key, clientCa }: CertificatePair) =>
  ({ cert, key, minVersion, ...(clientCa === undefined ? {} : { ca: clientCa }) }) as const;

/** A client may show a certificate, for a token that is bound to it (RFC 8705), and needs none otherwise. */
const clientsOf = ({ clientCa }: CertificatePair) =>
  clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: false };

/** For Fastify's `serverFactory`. A new certificate is for new connections; those that are open go on. */
export const createTlsServer =
  ({ current, onChange }: Certificate, requestTimeout: number) =>
  (handler: RequestListener): Server => {
    const server = createServer(
      {
        ...contextOf(current),
        ...clientsOf(current),
        handshakeTimeout,
        requestTimeout,
        keepAliveTimeout,
        connectionsCheckingInterval,
        ALPNProtocols: ['http/1.1'],
      },
      handler,
    );
    // There is nobody to answer before the handshake, and a socket that is only ended would stay.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    const leave = onChange((pair) => server.setSecureContext(contextOf(pair)));
    server.once('close', leave);
    return server;
  };
