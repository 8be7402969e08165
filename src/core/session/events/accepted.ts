import type { AnswerOnRecord, PlanServer } from './bodies/positions.ts';
import { isPersonal } from './bodies/who-acted.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

/** The MCP servers accepted with the currently approved plan; none while a new plan is being written. */
export function acceptedServers({
  approvedPlan,
  planServers = {},
}: Pick<SessionState, 'approvedPlan' | 'planServers'>): readonly PlanServer[] {
  return (approvedPlan && planServers[approvedPlan.hash]) ?? [];
}

export function mergeAnswers(
  old: readonly AnswerOnRecord[],
  { answers, by, at }: EventOf<'answers_recorded'>,
): AnswerOnRecord[] {
  const ids = new Set(answers.map(({ id }) => id));
  return [...old.filter(({ id }) => !ids.has(id)), ...answers.map((answer) => ({ ...answer, by, at }))];
}

/** A person who resumes opens the windows that were kept for them, each until it ends. */
export function withWindowsOpened(
  { status, opened = [] }: SessionState,
  { by, at }: EventOf<'resumed'>,
): Pick<SessionState, 'opened'> {
  if (status.kind !== 'limited' || status.kept === undefined || !isPersonal(by)) return {};
  return { opened: [...opened.filter(({ endsAt }) => endsAt > Date.parse(at)), ...status.kept] };
}
