import { accept, type Decider, jsonStates } from '../../eventsourcing/message.ts';
import { type AlertEvent, type AlertRaised, alertVersions } from './events.ts';

export type Alert = { readonly phase: 'absent' } | { readonly phase: 'raised' };

export type AlertCommand = AlertRaised['data'] & { readonly type: 'RaiseAlert' };

/** Processes that find the same raise it once. */
export const alertDecider: Decider<Alert, AlertCommand, AlertEvent, never> = {
  category: 'alert',
  initialState: { phase: 'absent' },
  decide: ({ type: _, ...data }, { phase }) => (phase === 'raised' ? accept() : accept({ type: 'AlertRaised', data })),
  evolve: () => ({ phase: 'raised' }),
  weigh: () => 100,
  codec: jsonStates(1),
  schemaVersions: alertVersions,
};
