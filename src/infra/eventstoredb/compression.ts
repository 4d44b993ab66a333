/**
 * KurrentDB 25.1 and later compress every message for a client that offers gzip, and `@grpc/grpc-js` always offers it.
 * A catch-up then falls from 22,000 to 4,200 events a second and costs this process five times as much.
 */
import { createRequire } from 'node:module';

interface Headers {
  set(name: string, value: string): void;
}
interface CompressionFilter {
  sendMetadata(headers: Promise<Headers>): Promise<Headers>;
}

/** The copy of gRPC that the client loads, wherever npm has put it. */
const loadFilter = (): { readonly prototype: CompressionFilter } => {
  const client = createRequire(import.meta.url).resolve('@eventstore/db-client');
  const module: unknown = createRequire(client)('@grpc/grpc-js/build/src/compression-filter.js');
  return (module as { readonly CompressionFilter: { readonly prototype: CompressionFilter } }).CompressionFilter;
};

const isPatched = Symbol('offers identity only');

/**
 * Makes each call of this process offer no compression. gRPC has no option for it, so one method of its compression
 * filter is wrapped. May be repeated. `test/infra/eventstoredbCompression.test.ts` fails when gRPC renames the method.
 */
export const offerIdentityOnly = (): void => {
  const { prototype } = loadFilter();
  if (Object.hasOwn(prototype, isPatched)) return;
  const { sendMetadata } = prototype;
  prototype.sendMetadata = async function (this: CompressionFilter, headers) {
    const sent = await sendMetadata.call(this, headers);
    sent.set('grpc-accept-encoding', 'identity');
    return sent;
  };
  Object.defineProperty(prototype, isPatched, { value: true });
};
