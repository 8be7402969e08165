import { type By, type Channel, PERSONAL } from '../events/bodies/who-acted.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { type Refused, refused } from './refused.ts';

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
  const persons = gateChannels.filter((each) => PERSONAL.includes(each));
  return persons.length > 0 ? persons : ['cli'];
}
