/** As much of a browser as signing in at Keycloak takes: pages with one form, cookies, redirects. */
import { createHash, createHmac, randomBytes } from 'node:crypto';

export interface Page {
  readonly url: string;
  readonly html: string;
}

/** RFC 6238 with the settings of the realm: SHA-1, six digits, thirty seconds. `key` as Keycloak keeps it. */
export const oneTimeCode = (key: string, nowMs: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest.at(-1)! & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
};

const unescapeHtml = (text: string): string => text.replaceAll('&amp;', '&');

/** Value of a hidden field. */
export const fieldOf = ({ html }: Page, name: string): string =>
  new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(html)?.[1] ?? '';

const redirectsMax = 5;

export const openBrowser = (callback: string) => {
  const cookies = new Map<string, string>();
  /** Follows redirects up to the client's own address, which nobody serves. */
  const load = async (url: string, form?: Readonly<Record<string, string>>, redirects = 0): Promise<Page> => {
    if (url.startsWith(callback)) return { url, html: '' };
    if (redirects > redirectsMax) throw new Error(`too many redirects, the last to ${url}`);
    const answer = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location !== null) return load(new URL(location, url).href, undefined, redirects + 1);
    return { url, html: await answer.text() };
  };
  const submit = (page: Page, form: Readonly<Record<string, string>>): Promise<Page> => {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.html)?.[1];
    if (action === undefined) throw new Error(`no form on ${page.url}`);
    return load(new URL(unescapeHtml(action), page.url).href, form);
  };
  return { load, submit };
};

/** Proof Key for Code Exchange (RFC 7636). */
export const pkce = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};
