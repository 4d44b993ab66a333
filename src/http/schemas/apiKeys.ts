/** API keys and what is told of them. */
import Type from 'typebox';
import { keyDaysDefault, keyDaysMax } from '../../domain/apiKey/decider.ts';
import { Closed, Name, Nullable, named, PageQuery, Time } from './common.ts';

/** As `client_id` of a token. */
const clientIdCharsMax = 255;
const ClientId = Type.String({
  pattern: `^[\\x21-\\x7e]{1,${clientIdCharsMax}}$`,
  maxLength: clientIdCharsMax,
  description: '`client_id` of its tokens.',
  examples: ['shop'],
});
const keyIdChars = 16;
const KeyId = Type.String({
  pattern: `^[0-9A-Za-z]{${keyIdChars}}$`,
  maxLength: keyIdChars,
  description: 'The part of the key between the two underscores.',
  examples: ['3XkV0q9TzR7bLm2N'],
});
/** Beyond what one process answers: a larger quota is none. */
const requestsPerMinuteMax = 1_000_000;
const RequestsPerMinute = Type.Integer({
  minimum: 1,
  maximum: requestsPerMinuteMax,
  description: 'Absent: as many as a caller may. Requests count against both.',
  examples: [600],
});

export const ApiKeyPath = Closed({ keyId: KeyId });
export const ApiKeysQuery = Closed({ ...PageQuery, clientId: Type.Optional(ClientId) });
export const ApiKeyBody = Closed({
  clientId: ClientId,
  name: Type.Optional(Name),
  requestsPerMinute: Type.Optional(RequestsPerMinute),
  expiresInDays: Type.Optional(
    Type.Integer({ minimum: 1, maximum: keyDaysMax, default: keyDaysDefault, examples: [keyDaysDefault] }),
  ),
});

const apiKey = {
  keyId: KeyId,
  clientId: ClientId,
  name: Type.Optional(Name),
  requestsPerMinute: Type.Optional(RequestsPerMinute),
  issuedAt: Time,
  expiresAt: Time,
};
export const ApiKey = named(
  'ApiKey',
  Closed({
    ...apiKey,
    revokedAt: Nullable(Time),
    lastUsedAt: Nullable({ ...Time, description: 'To a minute.' }),
  }),
);
export const IssuedApiKey = named(
  'IssuedApiKey',
  Closed({ ...apiKey, key: Type.String({ description: 'Told here and never again.', examples: ['slk_…'] }) }),
);
