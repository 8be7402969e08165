import type { SamocodeError } from '../../kernel/errors.ts';
import { pendingCommandIds } from '../../session/commands/commands.ts';
import { describeEvent } from '../../session/documents/describe-event.ts';
import type { EventOf, SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { answerIn, commandIdOf, commandRefused } from './send-command.ts';

/** What became of an act, according to the files of its session. */
export type ActOutcome =
  /** `sentence`: what it changed, as the log of the session describes it. */
  | { kind: 'recorded'; event: EventOf<'command_accepted'>; at: string; sentence: string }
  | { kind: 'refused'; event: EventOf<'command_refused'>; at: string; error: SamocodeError }
  /** Its command is queued, and takes effect once a worker answers. */
  | { kind: 'waiting' }
  /**
   * Nothing of it is here, or it is on its way to another machine of a pool. It can be sent again under the same id, and
   * takes effect once.
   */
  | { kind: 'unknown' };

/**
 * Finds out what became of an act on a session, for a caller that was interrupted before it got the result. Reads the
 * whole log.
 * @param actId the `actId` of its context; unknown for an act that sends no command
 * @throws act_id_malformed
 */
export async function outcomeOfAct(
  { paths, folder }: Pick<SessionView, 'paths' | 'folder'>,
  actId: string,
): Promise<ActOutcome> {
  const id = commandIdOf(actId);
  // Before the log: the worker removes a command after it has recorded the answer.
  const isQueued = pendingCommandIds(paths).includes(id);
  const events = await readEvents(paths, 0);
  const event = answerIn(events, id);
  if (event?.type === 'command_refused')
    return { kind: 'refused', event, at: event.at, error: commandRefused(event, folder) };
  if (event?.type === 'command_accepted')
    return {
      kind: 'recorded',
      event,
      at: event.at,
      sentence: sentenceOf(
        event,
        events.filter(({ n }) => n > event.n),
      ),
    };
  return { kind: isQueued ? 'waiting' : 'unknown' };
}

/** @param later the events after it, of which those of the same commit are its effect */
function sentenceOf(accepted: EventOf<'command_accepted'>, later: readonly SessionEvent[]): string {
  const isLast = ({ more }: SessionEvent) => more === undefined;
  const effect = isLast(accepted) ? [] : later.slice(0, later.findIndex(isLast) + 1);
  const [sentence] = effect.map((each) => describeEvent(each)).filter((text) => text !== undefined);
  return sentence ?? `${accepted.kind.replaceAll('_', ' ')} accepted`;
}
