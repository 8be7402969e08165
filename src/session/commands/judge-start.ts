import type { Gate } from '../../phases/table.ts';
import type { By } from '../events/bodies/who-acted.ts';
import type { FrozenSettings } from '../events/session-file.ts';
import type { SessionState } from '../events/state.ts';
import { closedChannel } from './closed-channel.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import { type Refused, refused } from './refused.ts';

type GateChoices = Pick<FrozenSettings, 'gates' | 'gateChannels' | 'autoApprove' | 'acceptSuggestions'>;
type Choices = GateChoices & Pick<FrozenSettings, 'sandbox' | 'sandboxLowered'>;

/**
 * Whether a session may begin with these choices: one that opens a gate in advance is an act of its channel, and one
 * that lowers the sandbox a person's, whatever GATE_CHANNELS says.
 */
export function judgeStart(
  { by }: Pick<CommandOf<'start'>, 'by'>,
  { createdAt }: Pick<SessionState, 'createdAt'>,
  settings: Choices,
): { kind: 'accepted' } | Refused {
  if (createdAt !== undefined) return refused(COMMAND_ERRORS.already_started());
  if (settings.sandboxLowered && by.channel === 'tool')
    return refused(COMMAND_ERRORS.person_needed({ sandbox: settings.sandbox }));
  const chosen = CHOICES.filter(({ choice }) => settings[choice]).map(({ words }) => words);
  if (chosen.length === 0) return { kind: 'accepted' };
  return closedChannel(by, settings.gateChannels, 'No session was started.', chosen) ?? { kind: 'accepted' };
}

const CHOICES = [
  { gate: 'qa', choice: 'acceptSuggestions', words: 'accept its suggestions' },
  { gate: 'plan', choice: 'autoApprove', words: 'approve its plan' },
] as const;

/**
 * Who has opened a gate before the session came to it; undefined: it waits there.
 * @param startedBy of the start, or of the newest goal; absent before the start is recorded
 */
export function openedAtStart(gate: Gate, settings: GateChoices, startedBy: By | undefined): By | undefined {
  const isChosen = CHOICES.some((each) => each.gate === gate && settings[each.choice]);
  // A new goal by a channel that may open no gate: what was chosen for the work before does not count for it.
  if (isChosen && startedBy && !closedChannel(startedBy, settings.gateChannels))
    return { ...startedBy, atStart: true };
  return settings.gates.includes(gate) ? undefined : BY_SETTINGS;
}

export const BY_SETTINGS: By = { channel: 'settings' };
