import {
  type ExcessLimit,
  LIMIT_NAMES,
  limitsAbove,
  type SessionLimits,
  type SpendingLimits,
  settingOf,
  withRaised,
} from '../../kernel/phases/limits.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import type { FrozenSettings } from '../events/bodies/session-file.ts';
import type { CommandBy } from '../events/bodies/who-acted.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import { channelRefusal, type GateRule, type Refused, refused } from './refused.ts';

type LimitsNow = Pick<FrozenSettings, 'limits' | 'fileLimits'> & Pick<SessionState, 'raisedLimits'>;

/**
 * The limits that are above what they may be: a channel that may open gates raises what the file or the session limits,
 * a client or person on another machine never does. Pure.
 */
function limitsNotAllowed(
  asked: SessionLimits,
  by: CommandBy,
  { gateChannels, ...now }: GateRule & LimitsNow,
): ExcessLimit[] {
  if (!by.remote && by.person === undefined && channelRefusal(by, { gateChannels }) === undefined) return [];
  const { session, phases } = withRaised(now.limits, now.raisedLimits);
  return [
    ...limitsAbove(asked.session, highestOf(session, now.fileLimits)),
    ...PHASE_NAMES.flatMap((phase) => limitsAbove(asked.phases[phase] ?? {}, phases[phase] ?? {})),
  ];
}

/** Refuses limits that this act may not set. */
export function closedLimits(
  asked: SessionLimits | undefined,
  by: CommandBy,
  now: GateRule & LimitsNow,
): Refused | undefined {
  const excess = asked === undefined ? [] : limitsNotAllowed(asked, by, now);
  if (excess.length === 0) return undefined;
  return refused(COMMAND_ERRORS.limits_closed({ excess, gateChannels: now.gateChannels }));
}

function highestOf(inForce: SpendingLimits, ofFile: SpendingLimits = {}): SpendingLimits {
  const highest = LIMIT_NAMES.map((name) => [
    name,
    inForce[name] === undefined ? ofFile[name] : Math.max(inForce[name], ofFile[name] ?? 0),
  ]);
  return Object.fromEntries(highest);
}

/** The limits for a whole session as this act may set them, and what had to be lowered. Pure. */
export function allowedLimits(
  asked: SpendingLimits,
  by: CommandBy,
  now: GateRule & LimitsNow,
): { limits: SpendingLimits; lowered: ExcessLimit[] } {
  const lowered = limitsNotAllowed({ session: asked, phases: {} }, by, now);
  const to = lowered.map(({ limitName, highest }) => [limitName, highest]);
  return { limits: { ...asked, ...Object.fromEntries(to) }, lowered };
}

/** One sentence for each limit that was lowered. @param command what a person types in a terminal */
export function describeLowered(
  lowered: readonly ExcessLimit[],
  { gateChannels }: GateRule,
  command: string,
): string[] {
  return lowered.map(({ limitName, asked, highest }) => {
    const setting = settingOf({ limitName, scope: 'session' });
    const how = gateChannels.includes('cli')
      ? `a person raises it in a terminal: ${command} ${optionOf(setting)} ${asked}`
      : `GATE_CHANNELS (${gateChannels.join(', ')}) says who raises it`;
    return `limits.${limitName} ${asked} was lowered to ${highest}, the ${setting} that holds; ${how}.`;
  });
}

/** `--max-cost-usd`. */
function optionOf(setting: string): string {
  return `--${setting.toLowerCase().replaceAll('_', '-')}`;
}
