import { SamocodeError } from '../base/errors.ts';
import { closedChannel } from '../session/commands/closed-channel.ts';
import type { Refused } from '../session/commands/refused.ts';
import { CHANNELS, type Channel } from '../session/event-types.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { nextStep } from './next-step.ts';
import { statusSentence } from './status-sentence.ts';

/** A command that the worker would refuse, refused before it is sent: too early, too late, not this way. */
export class EarlyRefusalError extends SamocodeError {
  readonly code: string;

  /** @param view of the session that it is about; a start has none yet */
  constructor({ code, what, why, hint, isStatus }: Refused, view?: SessionView) {
    const isUnderWay = isStatus && view !== undefined && view.pendingCommands.length > 0;
    super(
      what,
      isStatus && view ? statusSentence(view) : why,
      isUnderWay ? 'An earlier command is still on its way: look with get_status.' : (hint ?? next(view)),
    );
    this.code = code;
  }
}

function next(view: SessionView | undefined): string {
  return view === undefined ? 'Look with get_status.' : `Next: ${nextStep(view)}.`;
}

/** Asked before a person is put a question whose answer would be refused. @throws EarlyRefusalError */
export function requireOpenChannel(view: SessionView, { by }: Pick<ActionContext, 'by'>): void {
  const closed = closedChannel(by, gateChannelsOf(view));
  if (closed) throw new EarlyRefusalError(closed, view);
}

/** The channels that may open the gates of a session; where it cannot be read here, its worker decides alone. */
export function gateChannelsOf({ sessionFile }: SessionView): readonly Channel[] {
  return sessionFile?.settings.gateChannels ?? CHANNELS;
}
