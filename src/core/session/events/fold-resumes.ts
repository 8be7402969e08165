import { type By, isPersonalChannel } from './bodies/who-acted.ts';
import type { SessionEvent } from './events.ts';
import type { SessionState } from './state.ts';

/** The rule of the block that a resume would undo; a stop does not undo it. */
export function ruleOfBlock({ status }: Pick<SessionState, 'status'>): string | undefined {
  return 'rule' in status ? status.rule : undefined;
}

/** Remembers which blocks a model alone resumes, until a person acts in any way. */
export function withResumesOfModel(
  state: SessionState,
  event: SessionEvent,
  before: SessionState,
): SessionState {
  const by = 'by' in event ? event.by : undefined;
  if (by && isOfPerson(by)) return { ...state, resumedByModel: undefined };
  const rule = ruleOfBlock(before);
  if (event.type !== 'resumed' || by?.channel !== 'tool' || rule === undefined) return state;
  return { ...state, resumedByModel: [...new Set([...(state.resumedByModel ?? []), rule])] };
}

/** A choice of the start is no act of a later moment. A form and an unconfirmed tab count: this is no gate. */
function isOfPerson({ channel, atStart }: By): boolean {
  return !atStart && (isPersonalChannel(channel) || channel === 'elicitation');
}
