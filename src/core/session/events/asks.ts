import type { Phase } from '../../kernel/phases/table.ts';
import type { AnswerOnRecord, ControlQuestion, RecordedAnswer } from './bodies/positions.ts';
import type { SessionState, WaitingStatus } from './state.ts';

/** The option that accepts weakened checks; not the first one, which a menu preselects. */
export const ACCEPTS_WEAKENED = 'B';
/** The option by which a check may fail at the end as it fails on the base; any other makes passing it the task. */
const LEAVES_RED = 'B';
/** The options about a start order, of which the first waits. */
const STARTS_ANYWAY = 'B';
const DISCARDS = 'C';

/** Whether an answer, or a question by its id and fingerprint, is that of the worker's own question. */
export function isOf(
  ask: ControlQuestion,
  { id, question }: Pick<RecordedAnswer, 'id' | 'question'>,
): boolean {
  return ask.question === question || ask.question === id;
}

/** The worker's own questions of one kind that a session waits with. */
export function asksOf(
  { asks = [] }: Pick<SessionState, 'asks'>,
  kind: ControlQuestion['kind'],
): ControlQuestion[] {
  return asks.filter((ask) => ask.kind === kind);
}

/** Whether an answer accepts weakened checks, which only a person can. */
export function isAcceptanceIn(
  state: Pick<SessionState, 'asks'>,
  answer: RecordedAnswer | undefined,
): boolean {
  return answer?.choice === ACCEPTS_WEAKENED && asksOf(state, 'weakened').some((ask) => isOf(ask, answer));
}

/** A wait begins. What an earlier one decided when it ended is decided; what was said of the base can be said anew. */
export function withAsked(state: SessionState, asks: readonly ControlQuestion[] = []): SessionState {
  const before = aboutBase(state).filter(({ question }) => asks.every((ask) => ask.question !== question));
  const all = [...before, ...asks];
  return { ...state, asks: all.length > 0 ? all : undefined };
}

/** Its base is judged anew: what was asked about the earlier result decides nothing any more. */
export function withoutBaseAsks({ asks }: Pick<SessionState, 'asks'>): Pick<SessionState, 'asks'> {
  return { asks: asks?.filter((ask) => !isAboutBase(ask)) };
}

function aboutBase({ asks = [] }: SessionState): ControlQuestion[] {
  return asks.filter(isAboutBase);
}

function isAboutBase({ kind }: ControlQuestion): boolean {
  return kind === 'red_base' || kind === 'other_failure';
}

/** Records what the answers choose about checks that fail on the base, at once. */
export function withBaseChoices(state: SessionState, answers: readonly RecordedAnswer[]): SessionState {
  let { baseChecks } = state;
  for (const ask of aboutBase(state)) {
    const answer = answers.find((each) => isOf(ask, each));
    if (answer === undefined || baseChecks === undefined) continue;
    const choice = answer.choice === LEAVES_RED ? ('leave' as const) : ('fix' as const);
    const { others } = baseChecks;
    baseChecks =
      ask.kind === 'red_base'
        ? { ...baseChecks, choice }
        : {
            ...baseChecks,
            others: others?.map((each) => (ask.keys.includes(each.command) ? { ...each, choice } : each)),
          };
  }
  return { ...state, baseChecks };
}

/** Where a session continues once all its questions are answered, and what the answers to the worker's own ones decide. */
export function afterAsked(
  state: SessionState,
  { resumePhase }: Pick<WaitingStatus, 'resumePhase'>,
): { phase: Phase } & Partial<SessionState> {
  let decided: { phase: Phase } & Partial<SessionState> = { phase: resumePhase, asks: aboutBase(state) };
  for (const ask of state.asks ?? []) {
    const answer = state.answers.find((each) => isOf(ask, each));
    if (answer === undefined) continue;
    if (ask.kind === 'weakened') decided = { ...decided, ...afterWeakened(state, ask, answer) };
    if (ask.kind === 'order') decided = { ...decided, ...afterOrder(state, ask, answer) };
  }
  return decided;
}

/** Refusing weakened checks sends the work back. */
function afterWeakened(
  { acceptedWeakenings = [], notes }: SessionState,
  { keys }: ControlQuestion,
  { id, choice }: AnswerOnRecord,
): Partial<SessionState> & { phase?: Phase } {
  if (choice === ACCEPTS_WEAKENED)
    return { acceptedWeakenings: [...new Set([...acceptedWeakenings, ...keys])] };
  const note = `A person did not accept the changed checks that ${id} of _qa.md lists: restore them as they were, unless the answer there says otherwise.`;
  return { phase: 'implementation', notes: [...notes, note] };
}

/** The rounds of questions about a start order do not count as rounds of the gate. */
function afterOrder(
  { oldRounds }: SessionState,
  { keys: [key], round = 0 }: ControlQuestion,
  { choice, by }: AnswerOnRecord,
): Partial<SessionState> {
  const rounds = { oldRounds: Math.max(oldRounds, round) };
  if (choice === STARTS_ANYWAY) return { ...rounds, order: { startsAnyway: true } };
  if (choice === DISCARDS) return { ...rounds, order: {}, work: { kind: 'discard_unbegun', by } };
  return { ...rounds, order: { keptFor: key } };
}
