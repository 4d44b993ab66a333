/** What makes two e-mail addresses the same, so that an order is found by whichever a customer says on the phone. */
import { domainToASCII } from 'node:url';

/**
 * - Blanks around it do not count.
 * - The domain goes without case, and in its ASCII form: `müller.de` is `xn--mller-kva.de` (RFC 5891).
 * - The part before it is put into NFC (RFC 6532 §3.1) and goes without case. By RFC 5321 §2.4 case may matter there; no
 *   provider in use tells two people apart by it, and people write their own address in either way.
 * - Dots and `+tags` count: only some providers leave them out.
 */
export const normalisedEmail = (email: string): string => {
  const trimmed = email.trim();
  const at = trimmed.lastIndexOf('@');
  const [local, domain] = [trimmed.slice(0, at + 1), trimmed.slice(at + 1)];
  return `${local.normalize('NFC').toLowerCase()}${domainToASCII(domain) || domain.normalize('NFC').toLowerCase()}`;
};
