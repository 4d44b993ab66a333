/** Which carriers may report, and which are asked, by variables named after them (docs/couriers.md). */
import { type AskedName, askedNames, type CarriersConfig, type SenderName, senderNames } from '../carriers/carriers.ts';
import { ConfigError, type Env, readSecret, text, url } from './configValues.ts';

/** Half of a key of HMAC-SHA256; a shorter one is a word, and words are guessed. */
const secretCharsMin = 16;

const secretOf = (env: Env, name: string): string | undefined => {
  const secret = readSecret(env, name);
  if (secret === '') return undefined;
  if (secret.length < secretCharsMin) throw new ConfigError(`${name} must have ${secretCharsMin} characters or more.`);
  return secret;
};

const asKeys = <Name extends string, T>(names: readonly Name[], read: (name: string) => T | undefined) =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = read(`CARRIER_${name.toUpperCase()}`);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as { readonly [N in Name]?: T };

/** @throws ConfigError */
export const readCarriers = (env: Env): CarriersConfig => ({
  secrets: asKeys<SenderName, string>(senderNames, (prefix) => secretOf(env, `${prefix}_SECRET`)),
  asked: asKeys<AskedName, { readonly url: string; readonly key: string }>(askedNames, (prefix) => {
    const [where, key] = [text(env, `${prefix}_URL`, ''), readSecret(env, `${prefix}_KEY`)];
    if (where === '' && key === '') return undefined;
    if (where === '' || key === '') throw new ConfigError(`${prefix}_URL and ${prefix}_KEY: both, or none of them.`);
    return { url: url(`${prefix}_URL`, where), key };
  }),
});
