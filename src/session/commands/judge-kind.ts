import type { SamocodeError } from '../../base/errors.ts';
import { type By, type Channel, isPersonal } from '../events/bodies/who-acted.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { Command } from './commands.ts';
import { GATE_ERRORS } from './gate-errors.ts';

type Kind = Command['kind'];

/** While an agent runs, a command could come from it: only what opens nothing is taken then. */
const TAKEN_WHILE_AGENT_RUNS: readonly Kind[] = ['stop', 'message'];
const TAKEN_IN_ARCHIVE: readonly Kind[] = ['unarchive'];
const TAKEN_HALFWAY: readonly Kind[] = ['resume', 'rewind', 'message'];

/** Why a session takes no command of this kind now, whatever is in it; undefined: its own judge decides. */
export function judgeKind(
  kind: Kind,
  { archived, rewind, merge }: Pick<SessionState, 'archived' | 'rewind' | 'merge'>,
  moment: 'no_child' | 'child_runs' = 'no_child',
): Refused | undefined {
  if (merge !== undefined && kind !== 'stop') return refused(COMMAND_ERRORS.busy({ with: 'merge' }));
  if (moment === 'child_runs' && !TAKEN_WHILE_AGENT_RUNS.includes(kind))
    return refused(COMMAND_ERRORS.child_runs({ wanted: 'other' }));
  if (archived && !TAKEN_IN_ARCHIVE.includes(kind)) return refusedForStatus(COMMAND_ERRORS.archived());
  if (rewind?.isHalfway && !TAKEN_HALFWAY.includes(kind)) return refused(COMMAND_ERRORS.rewind_halfway());
  return undefined;
}

/** What moves away a session, or publishes it, needs one that nothing works on. */
export function unlessAtRest({ status: { kind } }: Pick<SessionState, 'status'>): Refused | undefined {
  const isAtRest = kind === 'done' || kind === 'stopped' || kind === 'blocked';
  return isAtRest ? undefined : refusedForStatus(COMMAND_ERRORS.not_at_rest({ status: kind }));
}

/** Why a command is not carried out. The action throws its error; the worker writes that into an event. */
export interface Refused {
  kind: 'refused';
  error: SamocodeError;
  /** The reason is what the session does at the moment; whoever has more words for that may use them as `why`. */
  isStatus?: true;
}

export function refused(error: SamocodeError): Refused {
  return { kind: 'refused', error };
}

export function refusedForStatus(error: SamocodeError): Refused {
  return { kind: 'refused', error, isStatus: true };
}

/**
 * A refusal when the gates of a session may not be opened through the channel of `by`.
 * @param chosen what a start would do at a gate
 */
export function closedChannel(
  by: By,
  gateChannels: readonly Channel[],
  what = 'No gate was opened.',
  chosen: readonly string[] = [],
): Refused | undefined {
  if (gateChannels.includes(by.channel)) return undefined;
  return refused(GATE_ERRORS.channel_closed({ what, by, gateChannels, chosen }));
}

/** Those of the channels that no model can use; a terminal is always one. */
export function personChannels(gateChannels: readonly Channel[]): readonly Channel[] {
  const persons = gateChannels.filter((each) => isPersonal(each));
  return persons.length > 0 ? persons : ['cli'];
}
