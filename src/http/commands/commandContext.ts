/** Who sends a command, and how, as it goes into the log. */
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../../eventsourcing/commandHandling/outcome.ts';
import type { Caller } from '../access.ts';
import { correlationIdOf, ifMatchOf } from '../input/headers.ts';

export const isDryRun = ({ query }: FastifyRequest): boolean => (query as { dryRun?: boolean }).dryRun === true;

export const contextOf = (request: FastifyRequest, { principal }: Caller, commandId: string): CommandContext => {
  const { subject, kind, client, acr, amr } = principal;
  const ifMatch = ifMatchOf(request);
  return {
    commandId,
    actor: { subject, kind, client },
    authentication: { ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) },
    correlationId: correlationIdOf(request),
    causationId: commandId,
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(isDryRun(request) ? { dryRun: true } : {}),
  };
};
