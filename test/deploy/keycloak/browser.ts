/** As much of a browser as signing in at Keycloak takes: pages with forms, cookies, redirects. */
export interface Page {
  readonly url: string;
  readonly html: string;
}

type Form = Readonly<Record<string, string>>;

export interface Browser {
  /** Follows redirects up to the client's own address, which nobody serves. */
  load(url: string): Promise<Page>;
  /** Sends the form that has a field of this name. */
  submit(page: Page, field: string, form: Form): Promise<Page>;
}

const unescapeHtml = (text: string): string => text.replaceAll('&amp;', '&');

/** The form that has a field of this name: Keycloak puts others beside it. */
const formWith = ({ html }: Page, field: string): string | undefined =>
  [...html.matchAll(/<form[\s\S]*?<\/form>/g)].map(([form]) => form).find((form) => form.includes(`name="${field}"`));

export const asksFor = (page: Page, field: string): boolean => formWith(page, field) !== undefined;

/** Value of a hidden field. */
export const fieldOf = ({ html }: Page, name: string): string =>
  new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(html)?.[1] ?? '';

const redirectsMax = 5;

export const openBrowser = (callback: string): Browser => {
  const cookies = new Map<string, string>();
  const ask = async (url: string, form?: Form, redirects = 0): Promise<Page> => {
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
    if (location !== null) return ask(new URL(location, url).href, undefined, redirects + 1);
    return { url, html: await answer.text() };
  };
  return {
    load: (url) => ask(url),
    submit: (page, field, form) => {
      const action = /action="([^"]+)"/.exec(formWith(page, field) ?? '')?.[1];
      if (action === undefined) throw new Error(`no form with ${field} on ${page.url}`);
      return ask(new URL(unescapeHtml(action), page.url).href, form);
    },
  };
};
