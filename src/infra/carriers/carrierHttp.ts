/** Requests to carriers, to where they may go and nowhere else (R23): through the same guard as webhooks. */
import { CarrierAway, CarrierUnreadable } from '../../commands/carrierPorts.ts';
import { type Lookup, pinnedAddress, systemLookup } from '../webhooks/sender.ts';
import { createPinnedPools, readTarget, trustedTargets } from '../webhooks/target.ts';

export interface CarrierCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

/** @returns `null`: it does not know what was asked for. @throws CarrierAway, CarrierUnreadable */
export type CallCarrier = (call: CarrierCall, signal: AbortSignal) => Promise<Uint8Array | null>;

export interface CarrierHttp {
  readonly call: CallCarrier;
  /** Ends all connections. */
  close(): Promise<void>;
}

interface CarrierHttpOptions {
  /** `host:port` that may also be http and private (`WEBHOOK_ALLOWED_TARGETS`). */
  readonly allowedTargets: readonly string[];
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
}

const connectMaxMs = 5_000;
/** An answer with all that is kept of a parcel has 300 kB. */
const answerBytesMax = 512 * 1_024;
/** It has looked, and there is nothing, or no number of its own. */
const unknownStatuses: readonly number[] = [400, 404, 410, 422];

const readBounded = async (body: AsyncIterable<Buffer>): Promise<Uint8Array> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new CarrierUnreadable(`More than ${answerBytesMax} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
};

/** @throws RangeError for an allowed target that is not `host:port`. */
export const createCarrierHttp = ({ allowedTargets, lookup = systemLookup }: CarrierHttpOptions): CarrierHttp => {
  const trusted = trustedTargets(allowedTargets);
  const pools = createPinnedPools(connectMaxMs);

  const send = async ({ method, url, headers, body }: CarrierCall, signal: AbortSignal): Promise<Uint8Array | null> => {
    const reading = readTarget(url, trusted);
    if (reading.kind === 'refused') throw new CarrierAway(`The address may not be asked: ${reading.reason}.`);
    const { target } = reading;
    const address = await pinnedAddress(target, lookup);
    const answer = await pools.poolFor(target, address).request({
      method,
      path: `${target.url.pathname}${target.url.search}`,
      headers,
      body: body ?? null,
      signal,
    });
    const isGood = answer.statusCode >= 200 && answer.statusCode < 300;
    if (isGood) return readBounded(answer.body as AsyncIterable<Buffer>);
    answer.body.on('error', () => undefined).destroy();
    if (unknownStatuses.includes(answer.statusCode)) return null;
    throw new CarrierAway(`It answered ${answer.statusCode}.`);
  };

  return {
    call: async (call, signal) => {
      try {
        return await send(call, signal);
      } catch (error) {
        if (error instanceof CarrierAway || error instanceof CarrierUnreadable) throw error;
        throw new CarrierAway('It could not be reached.', { cause: error });
      }
    },
    close: pools.close,
  };
};
