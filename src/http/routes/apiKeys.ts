/** Keys that name and throttle a client's programs (R4.2); for administrators. */
import { keyDaysDefault } from '../../domain/apiKey/decider.ts';
import type { ApiKeyDocument } from '../../projections/apiKeys/projection.ts';
import { answerOutcome } from '../commands/answers.ts';
import type { HttpPorts } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import { answerPage, pageRequestOf } from '../reads/lists.ts';
import type { Router } from '../route.ts';
import { ApiKey, ApiKeyBody, ApiKeyPath, ApiKeysQuery, IssuedApiKey } from '../schemas/apiKeys.ts';
import { DryRun, Nothing, PageOf, ref } from '../schemas/common.ts';

const tag = 'API keys';

/** A key that was just issued is not always in the read model yet, and may have to go at once. */
const foldedMaxMs = 2_000;

export const registerApiKeys = ({ read, command }: Router, { useCases, readModels }: HttpPorts): void => {
  const { apiKeys, source } = readModels;
  const { queries, uses, model } = apiKeys;

  const findOnceFolded = async (keyId: string): Promise<ApiKeyDocument | null> => {
    const found = await queries.byId(keyId);
    const head = found === null ? await source.head() : null;
    if (head === null) return found;
    if (await model.waitFor(head, foldedMaxMs)) return queries.byId(keyId);
    throw new Problem('NOT_CAUGHT_UP', 'It is not known yet whether there is such a key.', {
      headers: { 'retry-after': '1' },
    });
  };

  command({
    operation: 'issueApiKey',
    method: 'POST',
    url: '/v1/api-keys',
    tag,
    summary: 'Issue a key to a client; the answer tells it, once',
    description:
      'Sent as `X-Api-Key` beside an access token of the same client, it names the program that asks and counts its ' +
      'requests. It opens nothing. Two may be live at a time, so that one can take the place of the other.',
    body: ApiKeyBody,
    answers: { 201: ref(IssuedApiKey), 200: ref(DryRun) },
    problems: ['TOO_MANY_API_KEYS', 'STEP_UP_REQUIRED'],
    confidential: true,
    handle: async ({ body: { expiresInDays = keyDaysDefault, ...body }, context, claimedAt, reply }) => {
      const { key, keyId, outcome } = await useCases.issueApiKey(
        { ...body, expiresInDays },
        await claimedAt(),
        context,
      );
      return answerOutcome(outcome, reply, {
        status: 201,
        location: `/v1/api-keys?clientId=${encodeURIComponent(body.clientId)}`,
        body: ({ state }) => {
          const issued = state.keys.find((each) => each.keyId === keyId);
          if (issued === undefined) throw new Error('a key that was issued is not there');
          const { digest: _, isRevoked: __, ...shown } = issued;
          return { ...shown, clientId: body.clientId, key };
        },
      });
    },
  });

  command({
    operation: 'revokeApiKey',
    method: 'DELETE',
    url: '/v1/api-keys/:keyId',
    tag,
    summary: 'Revoke a key: within 10 seconds it is not taken any more',
    params: ApiKeyPath,
    answers: { 204: Nothing, 200: ref(DryRun) },
    problems: ['API_KEY_NOT_FOUND', 'STEP_UP_REQUIRED', 'NOT_CAUGHT_UP'],
    handle: async ({ params: { keyId }, context, reply }) => {
      const key = await findOnceFolded(keyId);
      if (key === null) throw new Problem('API_KEY_NOT_FOUND', 'No such API key.');
      const outcome = await useCases.revokeApiKey(key, context);
      return answerOutcome(outcome, reply, { status: 204, body: () => undefined }) ?? reply.send();
    },
  });

  read({
    operation: 'listApiKeys',
    url: '/v1/api-keys',
    tag,
    summary: 'Keys of all clients, or of one, the newest first; without the keys themselves',
    query: ApiKeysQuery,
    answers: { 200: PageOf(ref(ApiKey)) },
    problems: ['INVALID_CURSOR'],
    models: [model],
    handle: async ({ query }) => {
      const { clientId } = query;
      const page = await queries.list({ ...pageRequestOf(query), ...(clientId === undefined ? {} : { clientId }) });
      const usedAt = await uses.of(page.items.map(({ keyId }) => keyId));
      return answerPage(page, ({ digest: _, ...key }) => ({
        ...key,
        revokedAt: key.revokedAt ?? null,
        lastUsedAt: usedAt.get(key.keyId) ?? null,
      }));
    },
  });
};
