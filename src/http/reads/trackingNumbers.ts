/** What is told of a tracking number beside itself (R12.2). Worked out at each answer: our tables of forms will grow. */
import { checkNumber, type NumberCheck } from '../../domain/trackingNumber/recognise.ts';

export const showNumberCheck = (
  trackingNumber: string | undefined,
  carrier: string | undefined,
): { readonly trackingNumberCheck?: NumberCheck } =>
  trackingNumber === undefined ? {} : { trackingNumberCheck: checkNumber(trackingNumber, carrier) };
