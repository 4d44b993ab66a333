import type { CommandContext } from '../eventsourcing/commandHandling/outcome.ts';

/** Commands that nobody asked for: policies, sweeps, the webhook worker. */
export const systemActor = { subject: 'stockledger', kind: 'system', client: 'stockledger' } as const;

/** A command of ours that no event caused. */
export const systemContext = (commandId: string): CommandContext => ({
  commandId,
  actor: systemActor,
  authentication: {},
  correlationId: commandId,
  causationId: commandId,
});
