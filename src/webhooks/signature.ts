/** Standard Webhooks 1.0: what a receiver needs to believe a delivery. */
import { createHmac } from 'node:crypto';

const secretPrefix = 'whsec_';

export interface Signable {
  /** `webhook-id`: the same on every attempt, so that a receiver can tell what it has seen. */
  readonly id: string;
  readonly body: string;
  /** `whsec_` and base64. */
  readonly secret: string;
}

/** The `webhook-*` headers; `v1` is HMAC-SHA256 over `id.timestamp.body`. The timestamp is the attempt's, in seconds. */
export const signedHeaders = ({ id, body, secret }: Signable, at: string): { readonly [name: string]: string } => {
  const timestamp = String(Math.floor(Date.parse(at) / 1_000));
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
};
