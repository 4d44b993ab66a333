/** What looked like an attack is told (R13.2). */
import type { AlertRaised } from '../domain/alert/events.ts';
import { alertStream } from '../domain/values.ts';
import { derivedId } from '../eventsourcing/commandHandling/ids.ts';
import { type Handlers, systemContext } from './handlers.ts';

export const createAlertUseCases = ({ alert }: Pick<Handlers, 'alert'>) => ({
  /** The same alert again records nothing. */
  raiseAlert: (raised: AlertRaised['data']) =>
    alert(
      alertStream(raised.alertId),
      { type: 'RaiseAlert', ...raised },
      systemContext(derivedId(`alert/${raised.alertId}`)),
    ),
});
