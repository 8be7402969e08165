import type { SamocodeError } from '../../kernel/errors.ts';
import { type By, type Channel, isPersonalChannel } from '../events/bodies/who-acted.ts';
import { isAtRest } from '../events/rest.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import { GATE_ERRORS } from './gate-errors.ts';

/** Refuses unless the session is at rest, as required before it is moved or published. */
export function refuseUnlessAtRest({ status: { kind } }: Pick<SessionState, 'status'>): Refused | undefined {
  return isAtRest(kind) ? undefined : refusedForStatus(COMMAND_ERRORS.not_at_rest({ status: kind }));
}

/** The reason why a command is not carried out. The act throws its error; the worker records it in an event. */
export interface Refused {
  kind: 'refused';
  error: SamocodeError;
  /** The reason is the session's current state; a caller with a better description of it may use that as `why`. */
  isStatus?: true;
}

export function refused(error: SamocodeError): Refused {
  return { kind: 'refused', error };
}

export function refusedForStatus(error: SamocodeError): Refused {
  return { kind: 'refused', error, isStatus: true };
}

/** Who sends a command, and the session's rule for opening its gates. */
export interface SentBy {
  by: By;
  rule: GateRule;
}

export interface GateRule {
  gateChannels: readonly Channel[];
  /** The people who may open gates through a pool; absent: everyone who is trusted. */
  gatePeople?: readonly string[];
}

/**
 * Refuses if the channel of `by`, or its person on another machine, may not open the gates of a session.
 * @param chosen what the choices of a start would do at a gate
 */
export function channelRefusal(
  by: By,
  { gateChannels, gatePeople }: GateRule,
  chosen: readonly string[] = [],
): Refused | undefined {
  const { channel, person } = by;
  if (person !== undefined && gatePeople?.includes(person) === false)
    return refused(GATE_ERRORS.person_closed({ person, gatePeople }));
  if (!gateChannels.includes(channel))
    return refused(GATE_ERRORS.channel_closed({ by, gateChannels, chosen }));
  // Where a program may open gates anyway, the tab of a program is no worse.
  return gateChannels.every(isPersonalChannel) ? unconfirmedTab(by) : undefined;
}

/** Refuses what only a person may do, if the tab in which it was done could be a program's. */
export function unconfirmedTab({ unconfirmed }: By): Refused | undefined {
  return unconfirmed && refused(GATE_ERRORS.tab_unconfirmed());
}

/** The given channels that no model can use; `cli` if there are none. */
export function personChannels(gateChannels: readonly Channel[]): readonly Channel[] {
  const personal = gateChannels.filter(isPersonalChannel);
  return personal.length > 0 ? personal : ['cli'];
}
