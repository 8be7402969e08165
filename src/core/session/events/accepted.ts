import type { Phase } from '../../kernel/phases/table.ts';
import type { AnswerOnRecord, PlanServer, RecordedAnswer } from './bodies/positions.ts';
import { isPersonal } from './bodies/who-acted.ts';
import type { EventOf } from './events.ts';
import type { SessionState, WaitingStatus } from './state.ts';

/** The MCP servers accepted with the currently approved plan; none while a new plan is being written. */
export function acceptedServers({
  approvedPlan,
  planServers = {},
}: Pick<SessionState, 'approvedPlan' | 'planServers'>): readonly PlanServer[] {
  return (approvedPlan && planServers[approvedPlan.hash]) ?? [];
}

/** The option that accepts weakened checks; not the first one, which a menu preselects. */
export const ACCEPTS_WEAKENED = 'B';

/** Where a session continues once its questions are answered: refusing weakened checks sends the work back. */
export function afterWeakened(
  { answers, acceptedWeakenings = [], notes }: SessionState,
  { weakened, resumePhase }: WaitingStatus,
): { phase: Phase } & Partial<SessionState> {
  const answer = weakened && answers.find(({ id }) => id === weakened.question);
  if (weakened === undefined || answer === undefined) return { phase: resumePhase };
  if (answer.choice === ACCEPTS_WEAKENED) {
    const accepted = new Set([...acceptedWeakenings, ...weakened.keys]);
    return { phase: resumePhase, acceptedWeakenings: [...accepted] };
  }
  const note = `A person did not accept the changed checks that ${answer.id} of _qa.md lists: restore them as they were, unless the answer there says otherwise.`;
  return { phase: 'implementation', notes: [...notes, note] };
}

/** In the question about a red base: the option that accepts checks failing at the end as they fail on the base. */
const LEAVES_BASE_RED = 'B';

/** Records the choice about checks that fail on the base: any answer but B makes passing them part of the task. */
export function withBaseChoice(state: SessionState, answers: readonly RecordedAnswer[]): SessionState {
  const { baseChecks } = state;
  const answer = answers.find(({ question }) => question === baseChecks?.question);
  if (baseChecks === undefined || answer === undefined) return state;
  const choice = answer.choice === LEAVES_BASE_RED ? 'leave' : 'fix';
  return { ...state, baseChecks: { ...baseChecks, choice } };
}

/** The option that begins a session although a preceding one is not done; the first option waits. */
const STARTS_ANYWAY = 'B';
const DISCARDS = 'C';

/** Records the choice about a session's start order. Its rounds of questions do not count as rounds of the gate. */
export function afterOrder(
  { answers, oldRounds }: Pick<SessionState, 'answers' | 'oldRounds'>,
  { order }: Pick<WaitingStatus, 'order'>,
): Partial<SessionState> {
  const answer = order && answers.find(({ id }) => id === order.question);
  if (order === undefined || answer === undefined) return {};
  const rounds = { oldRounds: Math.max(oldRounds, order.round) };
  if (answer.choice === STARTS_ANYWAY) return { ...rounds, order: { startsAnyway: true } };
  if (answer.choice === DISCARDS)
    return { ...rounds, order: {}, work: { kind: 'discard_unbegun', by: answer.by } };
  return { ...rounds, order: { keptFor: order.key } };
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
