import type { NextStep } from '../base/acts.ts';
import { ExplainedError, type SamocodeError } from '../base/errors.ts';
import { closedChannel } from '../session/commands/closed-channel.ts';
import type { Refused } from '../session/commands/refused.ts';
import { CHANNELS, type Channel } from '../session/event-types.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { nextSteps } from './next-steps.ts';
import { statusSentence } from './status-sentence.ts';

/**
 * The error of a command that the worker would refuse, thrown before it is sent: too early, too late, not this way.
 * @param view of the session that it is about; a start has none yet
 */
export function earlyRefusal(
  { code, what, why, hint, isStatus }: Refused,
  view?: SessionView,
): SamocodeError {
  const isUnderWay = isStatus && view !== undefined && view.pendingCommands.length > 0;
  const now = isStatus && view ? statusSentence(view) : why;
  const look: NextStep = { act: 'look', session: view?.folder };
  if (isUnderWay) return refusal('An earlier command is still queued.', [look]);
  return hint === undefined ? refusal('', view ? nextSteps(view) : [look]) : refusal(hint, []);

  function refusal(words: string, next: readonly NextStep[]): SamocodeError {
    return new ExplainedError(code, {}, { what, why: now, hint: words, next });
  }
}

/** Asked before a person is put a question whose answer would be refused. @throws channel_closed */
export function requireOpenChannel(view: SessionView, { by }: Pick<ActionContext, 'by'>): void {
  const closed = closedChannel(by, gateChannelsOf(view));
  if (closed) throw earlyRefusal(closed, view);
}

/** The channels that may open the gates of a session; where it cannot be read here, its worker decides alone. */
export function gateChannelsOf({ sessionFile }: SessionView): readonly Channel[] {
  return sessionFile?.settings.gateChannels ?? CHANNELS;
}
