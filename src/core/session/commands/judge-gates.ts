import { isHashOf } from '../../kernel/files/fingerprint.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { planServers } from '../documents/plan-servers.ts';
import {
  type OpenQuestions,
  parseAnswer,
  questionHash,
  questionsHash,
  recordOf,
  suggestedAnswers,
} from '../documents/qa.ts';
import { findQuestion, type QaQuestion } from '../documents/qa-blocks.ts';
import { isAcceptanceIn } from '../events/asks.ts';
import type { AnswerOnRecord, PlanVersion, RecordedAnswer } from '../events/bodies/positions.ts';
import { type By, isPersonal } from '../events/bodies/who-acted.ts';
import type { SessionState, WaitingStatus } from '../events/state.ts';
import type { CommandOf } from './commands.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import {
  channelRefusal,
  type GateRule,
  personChannels,
  type Refused,
  refused,
  refusedForStatus,
  type SentBy,
  unconfirmedTab,
} from './refused.ts';

export type AnswerFacts = Pick<OpenQuestions, 'questions' | 'open' | 'unconfirmed'> & GateRule;

export type AnswerVerdict =
  | { kind: 'accepted'; answers: RecordedAnswer[]; replaced?: AnswerOnRecord[]; open: string[] }
  | Refused;

/**
 * Judges answers: the human act that opens the first gate. The first answer to a question counts, whatever its channel;
 * a later one is refused with a reference to it, unless it replaces it explicitly. Writes nothing.
 */
export function judgeAnswer(
  command: Omit<CommandOf<'answer'>, 'v' | 'id' | 'at' | 'kind'>,
  state: AnswerState,
  facts: AnswerFacts,
): AnswerVerdict {
  const given = parseAnswers(command.answers, facts.questions);
  if ('kind' in given) return given;
  const isWaiting = waitsForAnswers(state);
  const { taken, replaced } = splitRecorded(given, command, state);
  if (taken.length > 0) return refused(GATE_ERRORS.already_answered({ taken }));
  const isEmpty = given.length === 0 && !command.acceptSuggestions && !command.confirmTyped;
  if (!isWaiting && replaced.length === 0) return tooLate(isEmpty ? [] : facts.questions, state);
  const closed = channelRefusal(command.by, facts);
  if (closed) return closed;
  const confirmed = command.confirmTyped ? confirmedAnswers(facts) : [];
  if ('kind' in confirmed) return confirmed;
  const answers = new Map(confirmed.map((each) => [each.id, each]));
  for (const { question, answer } of given)
    if (recordedAnswer(question, state)?.text !== answer.text) answers.set(question.id, answer);
  for (const suggested of command.acceptSuggestions ? suggestedAnswers(facts) : [])
    if (!answers.has(suggested.id)) answers.set(suggested.id, suggested);
  if (isWaiting && [...answers.values()].some((answer) => isAcceptanceIn(state, answer))) {
    const persons = personChannels(facts.gateChannels);
    if (!persons.includes(command.by.channel)) return refused(GATE_ERRORS.person_accepts({ persons }));
    const unconfirmed = unconfirmedTab(command.by);
    if (unconfirmed) return unconfirmed;
  }
  if (answers.size === 0) {
    const same = given.flatMap(({ question }) => recordedAnswer(question, state) ?? []);
    return refused(
      same.length > 0
        ? GATE_ERRORS.already_answered({ taken: same })
        : GATE_ERRORS.no_answer_given({ open: facts.open }),
    );
  }
  if (command.hash === undefined) return refused(GATE_ERRORS.questions_hash_missing());
  if (!isHashOf(command.hash, questionsHash(facts))) return refused(GATE_ERRORS.questions_changed());
  const open = facts.open.filter((id) => !answers.has(id));
  const before = replaced.length > 0 ? { replaced } : {};
  return { kind: 'accepted', answers: [...answers.values()], ...before, open };
}

type AnswerState = Pick<SessionState, 'asks' | 'status' | 'answers' | 'progress' | 'openIteration'>;

/** Why no answer of this sender counts now: neither a first one nor one that replaces another. */
export function answerNow(state: AnswerState, { by, rule }: SentBy): Refused | undefined {
  const isReplaced = (each: AnswerOnRecord) => isReplaceable(each, state) && mayReplace(each.by, by);
  if (!waitsForAnswers(state) && !state.answers.some(isReplaced)) return tooLate([], state);
  return channelRefusal(by, rule);
}

function waitsForAnswers({ status }: Pick<AnswerState, 'status'>): boolean {
  return status.kind === 'waiting' && status.for === 'qa_answers';
}

/** The recorded answers that differ from the given ones: those that stay (`taken`) and those replaced. */
function splitRecorded(
  given: readonly Given[],
  { by, replace }: Pick<CommandOf<'answer'>, 'by' | 'replace'>,
  state: AnswerState,
) {
  const different = given.flatMap(({ question, answer }) => {
    const recorded = recordedAnswer(question, state);
    return recorded === undefined || recorded.text === answer.text ? [] : [recorded];
  });
  const isReplaced = (answer: AnswerOnRecord) =>
    replace === true && isReplaceable(answer, state) && mayReplace(answer.by, by);
  return { taken: different.filter((each) => !isReplaced(each)), replaced: different.filter(isReplaced) };
}

function recordedAnswer(
  question: QaQuestion,
  { answers }: Pick<AnswerState, 'answers'>,
): AnswerOnRecord | undefined {
  return answers.find((each) => each.id === question.id && each.question === questionHash(question));
}

/** A person may replace any answer; a form one given in a form or through a model; a model only the latter. */
function mayReplace(given: By, by: By): boolean {
  return isPersonal(by) || given.channel === 'tool' || (given.channel === by.channel && !isPersonal(given));
}

/** Until an agent starts with the answer: at the gate, or right after it. Never for an answer about weakened checks. */
function isReplaceable({ at }: AnswerOnRecord, { status, progress, openIteration }: AnswerState): boolean {
  if (status.kind === 'waiting') return status.for === 'qa_answers';
  const isUnread = status.kind === 'running' && status.since === at && openIteration === undefined;
  return isUnread && progress.phase === 'planning';
}

/** The refusal after the gate has opened; names the recorded answers if all questions have one. */
function tooLate(questions: readonly QaQuestion[], state: AnswerState): Refused {
  const taken = questions.flatMap((question) => recordedAnswer(question, state) ?? []);
  return taken.length > 0 && taken.length === questions.length
    ? refused(GATE_ERRORS.already_answered({ taken }))
    : refusedForStatus(GATE_ERRORS.not_waiting({ for: 'answers' }));
}

interface Given {
  question: QaQuestion;
  answer: RecordedAnswer;
}

/** The answers in the file, as they are there; of what samocode itself asks, only what chooses an option. */
function confirmedAnswers({ questions, unconfirmed }: AnswerFacts): RecordedAnswer[] | Refused {
  const confirmed: RecordedAnswer[] = [];
  for (const typed of unconfirmed) {
    const question = findQuestion(questions, typed.id);
    if (question === undefined) continue;
    const own = question.own ? parseAnswers([typed], [question]) : [];
    if ('kind' in own) return own;
    confirmed.push(own[0]?.answer ?? typed);
  }
  return confirmed;
}

function parseAnswers(
  answers: CommandOf<'answer'>['answers'],
  questions: readonly QaQuestion[],
): Given[] | Refused {
  const given: Given[] = [];
  for (const { id, text } of answers) {
    const question = findQuestion(questions, id);
    if (question === undefined)
      return refused(GATE_ERRORS.unknown_question({ id, known: questions.map((each) => each.id) }));
    const parsed = parseAnswer(question, text);
    if (parsed.kind === 'invalid') {
      const { problem } = parsed;
      return refused(
        GATE_ERRORS.answer_not_understood({ id: question.id, problem, isOwn: question.own !== undefined }),
      );
    }
    given.push({ question, answer: recordOf(question, parsed) });
  }
  return given;
}

interface ApproveFacts extends GateRule {
  plan?: { name: string; text: string; hash: string } | undefined;
}

type ApproveVerdict = { kind: 'accepted'; plan: PlanVersion; text: string; phase: Phase } | Refused;

/** Judges an approval of the plan: the human act that opens the second gate. Writes nothing. */
export function judgeApprove(
  command: Pick<CommandOf<'approve'>, 'by' | 'hash'>,
  { status }: Pick<SessionState, 'status'>,
  { plan, ...rule }: ApproveFacts,
): ApproveVerdict {
  const wait = planWait({ status }, { by: command.by, rule });
  if (wait.kind === 'refused') return wait;
  if (plan === undefined) return refused(GATE_ERRORS.no_plan());
  if (command.hash !== undefined && !isHashOf(command.hash, plan.hash))
    return refused(GATE_ERRORS.plan_changed({ name: plan.name }));
  const unaccepted = refusedServers(command.by, plan, rule);
  if (unaccepted) return unaccepted;
  if (command.hash === undefined) return refused(GATE_ERRORS.plan_hash_missing());
  const { name, text, hash } = plan;
  return { kind: 'accepted', plan: { name, hash }, text, phase: wait.resumePhase };
}

/**
 * Returns the reason why `by` may not accept the MCP servers that a plan proposes; undefined: they may. Predefined
 * servers are accepted with the plan. A command in the plan was written by a model and runs as the user: only a
 * person who decides about this plan may accept it, not a choice at the start, which was made before there was a
 * plan.
 */
export function refusedServers(
  by: By,
  { name, text }: { name: string; text: string },
  { gateChannels }: Pick<GateRule, 'gateChannels'>,
): Refused | undefined {
  const { servers, problems } = planServers(text);
  if (problems.length > 0) return refused(GATE_ERRORS.servers_unclear({ name, problems }));
  const ownCommands = servers.flatMap((each) => (each.command === undefined ? [] : [each.name]));
  if (ownCommands.length === 0 || (isPersonal(by) && !by.atStart)) return undefined;
  const unconfirmed = unconfirmedTab(by);
  if (unconfirmed) return unconfirmed;
  return refused(
    GATE_ERRORS.servers_need_person({ servers: ownCommands, persons: personChannels(gateChannels) }),
  );
}

/** Whether the plan goes back to planning. */
export function judgeRequestChanges(
  { feedback, by }: Pick<CommandOf<'request_changes'>, 'feedback' | 'by'>,
  state: Pick<SessionState, 'status' | 'prepared'>,
  rule: GateRule,
): { kind: 'accepted' } | Refused {
  const wait = waitForChanges(state, { by, rule });
  if (wait.kind === 'refused') return wait;
  if (feedback.trim() !== '') return { kind: 'accepted' };
  return refused(GATE_ERRORS.empty_feedback());
}

/**
 * Changes open no gate, so every channel may request them, except before the first agent of the session, where that
 * would let planning run with unconfirmed answers.
 */
export function waitForChanges(
  { status, prepared }: Pick<SessionState, 'status' | 'prepared'>,
  { by, rule }: SentBy,
): WaitingStatus | Refused {
  return planWait({ status }, prepared ? { by } : { by, rule });
}

/** The plan's wait for a decision, or why it cannot be decided now. @param sender `rule` absent: every channel may */
export function planWait(
  { status }: Pick<SessionState, 'status'>,
  { by, rule }: Pick<SentBy, 'by'> & Partial<SentBy>,
): WaitingStatus | Refused {
  if (status.kind !== 'waiting' || status.for !== 'plan_approval')
    return refusedForStatus(GATE_ERRORS.not_waiting({ for: 'plan' }));
  return (rule && channelRefusal(by, rule)) ?? status;
}
