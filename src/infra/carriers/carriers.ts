/** The carriers that are configured: whose messages are taken, and who is asked (docs/couriers.md). */
import type { CarrierAdapter, CarrierReport, CarrierRequest, Carriers } from '../../commands/carrierPorts.ts';
import { compactNumber } from '../../domain/trackingNumber/recognise.ts';
import type { CallCarrier } from './carrierHttp.ts';
import { readEasyPost } from './easypost.ts';
import { readGeneric } from './generic.ts';
import { type AskedCarrier, questions } from './requests.ts';
import { type CarrierLimits, createCarrierGuard } from './resilience.ts';
import { readShippo } from './shippo.ts';
import { isSignedAsStandardWebhook, isSignedByEasyPost, isSignedByShippo } from './signatures.ts';

const senders = {
  easypost: { isSignedWith: isSignedByEasyPost, read: readEasyPost },
  generic: { isSignedWith: isSignedAsStandardWebhook, read: readGeneric },
  shippo: { isSignedWith: isSignedByShippo, read: readShippo },
} as const satisfies {
  readonly [name: string]: {
    readonly isSignedWith: (secret: string) => (request: CarrierRequest) => boolean;
    readonly read: (body: Uint8Array) => readonly CarrierReport[];
  };
};

export type SenderName = keyof typeof senders;
export type AskedName = keyof typeof questions;
export const senderNames = Object.keys(senders) as readonly SenderName[];
export const askedNames = Object.keys(questions) as readonly AskedName[];

export interface CarriersConfig {
  /** Of the webhooks. */
  readonly secrets: { readonly [Name in SenderName]?: string };
  readonly asked: { readonly [Name in AskedName]?: AskedCarrier };
}

export const createCarriers = (
  { secrets, asked }: CarriersConfig,
  call: CallCarrier,
  limits?: CarrierLimits,
): Carriers => {
  const sending = senderNames.flatMap((name): readonly CarrierAdapter[] => {
    const { isSignedWith, read } = senders[name];
    const secret = secrets[name];
    return secret === undefined ? [] : [{ name, webhook: { isSigned: isSignedWith(secret), read } }];
  });
  const answering = askedNames.flatMap((name): readonly CarrierAdapter[] => {
    const question = questions[name];
    const where = asked[name];
    if (where === undefined) return [];
    // One for each carrier: one that is down opens its own circuit, and fills its own room.
    const guarded = createCarrierGuard(limits);
    const ask: NonNullable<CarrierAdapter['ask']> = async (trackingNumber, signal) => {
      const number = compactNumber(trackingNumber);
      const reports = await guarded(async (within) => {
        const body = await call(question.call(number, where), within);
        return body === null ? [] : question.read(body);
      }, signal);
      // An answer about another number was not asked for.
      return reports.filter((report) => compactNumber(report.trackingNumber) === number);
    };
    return [{ name, ask }];
  });
  return new Map([...sending, ...answering].map((adapter) => [adapter.name, adapter]));
};
