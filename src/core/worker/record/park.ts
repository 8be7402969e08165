import { isAbsolute, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crashPoint } from '../../kernel/fault-points.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { changeFile } from '../../kernel/files/change-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import type { ParkDecision, Weakening } from '../../kernel/phases/decision.ts';
import { outageOf } from '../../kernel/phases/ending.ts';
import { type BaseChecks, isUndecided, type OtherFailure, RED_AFTER } from '../../kernel/phases/proving.ts';
import { cut, listed, visibleControls } from '../../kernel/text.ts';
import { lackingSetup } from '../../project/finding/proposed-commands.ts';
import { COMMAND_ROWS } from '../../session/commands/command-rows.ts';
import { refusedServers } from '../../session/commands/judge-gates.ts';
import { openedAtStart } from '../../session/commands/judge-running.ts';
import { asPlan, commandLines, ledgerOfPlan } from '../../session/documents/as-plan.ts';
import { openedBy } from '../../session/documents/describe-event.ts';
import { documentFingerprint, documentText } from '../../session/documents/documents.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { GIVEN_PLAN, parsePlan } from '../../session/documents/plan.ts';
import { openQuestions, parseQa, questionHash, suggestedAnswers } from '../../session/documents/qa.ts';
import type { QaQuestion } from '../../session/documents/qa-blocks.ts';
import { appendRound, newQa, type QuestionDraft, setQaStatus } from '../../session/documents/qa-change.ts';
import { ledgerText } from '../../session/documents/requirements.ts';
import type { ControlQuestion, StartConditions } from '../../session/events/bodies/positions.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenWorkOf } from '../../session/events/open-work.ts';
import { describeOrder } from '../../session/waits/start-order.ts';
import { limitEnd, outageEnd } from '../limits/account.ts';
import { afterLeftOut, leftOutBy } from '../state/environment.ts';
import { readPlanEvidence, readQuestions } from '../state/evidence.ts';
import { blockedEvent } from '../state/interrupts.ts';
import { provingOf, stateOf, type Worker } from '../state/worker.ts';
import { planApproved } from './plan-approved.ts';

/** The events that start a wait, followed by those of a gate that the settings open at once. */
export async function recordParked(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  switch (decision.for) {
    case 'qa_answers':
      return await parkForAnswers(worker, decision);
    case 'plan_approval':
      return await parkForApproval(worker, decision);
    case 'file_update':
    case 'human_action': {
      const path = decision.file === undefined ? undefined : join(worker.paths.sessionDir, decision.file);
      const fileHash = path === undefined ? undefined : ((await documentFingerprint(path)) ?? '');
      const flow = `Waiting for ${decision.for}${decision.reason ? `: ${decision.reason}` : ''}`;
      return [{ ...parked(decision), fileHash, flow }];
    }
    default:
      return decision.for satisfies never;
  }
}

async function parkForAnswers(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  if (decision.askNothingToClarify) await askNothingToClarify(worker);
  const asks = [
    ...(decision.weakened ? await askAboutWeakened(worker, decision.weakened, decision) : []),
    ...(decision.asksAboutBase ? await askAboutRedBase(worker) : []),
    ...(decision.asksAboutBase ? await askAboutOthers(worker) : []),
  ];
  await markWaiting(worker);
  const { questions, open, unconfirmed, fileHash } = await readQuestions(worker);
  const wait: NewEvent = {
    ...parked(decision),
    openQuestions: open,
    unconfirmed,
    ...(asks.length > 0 && { asks }),
    fileHash: fileHash ?? '',
    flow: `Waiting for answers: ${open.join(', ')}`,
  };
  const by = openedAtStart('qa', worker.file.settings, stateOf(worker).startedBy);
  if (by === undefined) return [wait];
  const answers = suggestedAnswers({ questions, open });
  // A question of samocode without a suggestion requires a real answer, never an automatic one.
  if (answers.length === 0 && asks.length > 0) return [wait];
  const given = new Set(answers.map(({ id }) => id));
  const left = open.filter((id) => !given.has(id));
  const flow = `Suggestions accepted by ${openedBy(by)}`;
  return [wait, { type: 'answers_recorded', by, answers, open: left, flow }];
}

/** Asks whether to begin although a preceding session is not done. No choice made at the start answers that. */
export async function askAboutOrder(
  worker: Worker,
  { after, afterGroup, afterMerge }: StartConditions,
  { about, key }: { about: string; key: string },
): Promise<NewEvent[]> {
  const until = describeOrder({ after, afterGroup, afterMerge });
  const draft = {
    text: oneLine(`This session is waiting to start ${until}, but ${about}. What should happen?`),
    options: ['keep waiting', 'start now, without waiting for that', 'discard this session'],
  };
  const asks = await askAbout(worker, draft, { kind: 'order', keys: [key] });
  await markWaiting(worker);
  const { open, unconfirmed, fileHash = '' } = await readQuestions(worker);
  const flow = `Waiting for answers: ${open.join(', ')}`;
  const wait = parked({ kind: 'park', phase: 'init', for: 'qa_answers', resumePhase: 'init' });
  return [{ ...wait, openQuestions: open, unconfirmed, asks, fileHash, flow }];
}

async function parkForApproval(worker: Worker, decision: ParkDecision): Promise<NewEvent[]> {
  await writeGivenPlan(worker);
  const { version, text } = await readPlanEvidence(worker);
  const wait: NewEvent = {
    ...parked(decision),
    plan: version,
    flow: `Waiting for approval of the plan${version ? `: ${version.name}` : ''}`,
  };
  const { settings } = worker.file;
  const { startedBy } = stateOf(worker);
  // A choice made at the start concerned the plan, not later requests on the forge.
  const isLate = decision.beyond !== undefined && settings.gates.includes('plan');
  const by = isLate ? undefined : openedAtStart('plan', settings, startedBy);
  if (version === undefined || text === undefined || by === undefined) return [wait];
  // Nor does it say that nothing has to be asked: that is answered by whoever decides here.
  if (decision.unasked && openedAtStart('qa', settings, startedBy) === undefined) return [wait];
  const unaccepted = refusedServers(by, { name: version.name, text }, settings);
  if (unaccepted) {
    const { why } = unaccepted.error;
    return [
      { ...wait, reason: [decision.reason, COMMAND_ROWS.approve.notDone, why].filter(Boolean).join(' ') },
    ];
  }
  const beyond = by.atStart ? await beyondTheStart(worker, text) : undefined;
  if (beyond !== undefined) return [{ ...wait, reason: [decision.reason, beyond].filter(Boolean).join(' ') }];
  return [wait, await planApproved(worker, by, { plan: version, text, phase: decision.resumePhase })];
}

function parked(decision: ParkDecision): Extract<NewEvent, { type: 'parked' }> {
  const { for: waitsFor, resumePhase, reason, file, unasked, beyond, claim } = decision;
  const none = { openQuestions: [], unconfirmed: [] };
  return { type: 'parked', for: waitsFor, resumePhase, ...none, reason, file, unasked, beyond, claim };
}

const MAX_LISTED = 8;
const MAX_LINE_CHARS = 160;

/**
 * Writes the question about weakened checks into `_qa.md`, unless it was written before a crash. It has no suggestion,
 * so that accepting all suggestions does not answer it.
 */
async function askAboutWeakened(
  worker: Worker,
  found: readonly Weakening[],
  { reason, changedTests }: Pick<ParkDecision, 'reason' | 'changedTests'>,
): Promise<ControlQuestion[]> {
  const keys = found.map(({ key }) => key);
  return await askAbout(worker, questionAbout(found, reason, changedTests), { kind: 'weakened', keys });
}

/** The question about checks that fail before any work, if that is not decided. */
async function askAboutRedBase(worker: Worker): Promise<ControlQuestion[]> {
  const { baseChecks } = stateOf(worker);
  if (!isUndecided(baseChecks)) return [];
  const lacking = await lackingSetup(worker.file.mainRepo, provingOf(worker).setup);
  const draft = redBaseQuestion(baseChecks, { ...worker.paths, lacking, leftOut: await leftOutBy(worker) });
  return await askAbout(worker, draft, { kind: 'red_base', keys: [] });
}

/** The questions about failures that are perhaps not those of the base. */
async function askAboutOthers(worker: Worker): Promise<ControlQuestion[]> {
  const { others = [] } = stateOf(worker).baseChecks ?? {};
  const asked: ControlQuestion[] = [];
  for (const other of others.filter(({ choice }) => choice === undefined)) {
    const ask = { kind: 'other_failure' as const, keys: [other.command] };
    asked.push(...(await askAbout(worker, otherFailureQuestion(other), ask)));
  }
  return asked;
}

/** @returns the question, once it is in `_qa.md`; none if it cannot be written */
async function askAbout(
  worker: Worker,
  draft: QuestionDraft,
  ask: Omit<ControlQuestion, 'question'>,
): Promise<ControlQuestion[]> {
  const question = await askedOnce(worker, draft);
  if (question === undefined) return [];
  const round = ask.kind === 'order' ? { round: question.round } : {};
  return [{ ...ask, question: questionHash(question), ...round }];
}

/** Writes a question, unless it exists already. @returns it as in `_qa.md`; undefined if it cannot be written */
async function askedOnce(worker: Worker, draft: QuestionDraft): Promise<QaQuestion | undefined> {
  const before = await openWith(worker, draft);
  if (before === undefined) await askOne(worker, draft);
  return before ?? (await openWith(worker, draft));
}

async function askOne({ paths, file }: Worker, question: QuestionDraft): Promise<void> {
  await changeFile(paths.qa, (text) =>
    text === undefined || text.trim() === ''
      ? newQa({ title: file.folder, questions: [question] })
      : appendRound(text, [question]),
  );
}

/** A person is asked at least once before planning, even if no agent has a question. */
async function askNothingToClarify(worker: Worker): Promise<void> {
  const { answers, progress } = stateOf(worker);
  // After the file was emptied, the question would be identical to one that is already answered.
  const again = answers.length > 0 ? ` after iteration ${progress.totalIterations}` : '';
  const question = {
    text: `Nothing to clarify${again}. Continue with planning?`,
    options: ['yes', 'no, I have something to say first (write it as the answer)'],
    suggestion: { letters: ['A'], reason: 'no open question would change the work' },
  };
  await askedOnce(worker, question);
}

/** The worker owns the `Status` line; only a person may write `answered`, so it replaces an agent's. */
async function markWaiting(worker: Worker): Promise<void> {
  const text = await documentText(worker.paths.qa);
  if (text === undefined || parseQa(text).status === 'waiting') return;
  const { open } = openQuestions(text, stateOf(worker));
  if (open.length > 0) await changeFile(worker.paths.qa, (now) => setQaStatus(now ?? text, 'waiting'));
}

/** Finds exactly this question: an agent may have written one with the same text but other options or a suggestion. */
async function openWith(
  worker: Worker,
  { text, options, suggestion }: QuestionDraft,
): Promise<QaQuestion | undefined> {
  const { questions, open } = await readQuestions(worker);
  return questions.findLast((each) => {
    const isSame = each.text === text && isDeepStrictEqual(each.options.map(textOf), options);
    const letters = each.suggestion?.letters;
    return isSame && isDeepStrictEqual(letters, suggestion?.letters) && open.includes(each.id);
  });
}

function textOf(option: { text: string }): string {
  return option.text;
}

function questionAbout(
  found: readonly Weakening[],
  reason = '',
  others: readonly string[] = [],
): QuestionDraft {
  const lines = found.map(({ path, what }) => shortened(`${path} ${what}`));
  const weakened = listed(lines, MAX_LISTED, { separator: '; ' });
  const also = others.length > 0 ? ` Also changed: ${listed(others.map(shortened), MAX_LISTED)}.` : '';
  const text = `${reason} They may prove less than before the work: ${weakened}. Is that intended?${also}`;
  return {
    text: oneLine(text),
    options: ['no, an agent restores the earlier version', 'yes, accept these changes'],
  };
}

function redBaseQuestion(
  { failed }: Pick<BaseChecks, 'failed'>,
  { leftOut, lacking, runDir }: { leftOut: string; lacking: string; runDir: string },
): QuestionDraft {
  const lacks = failed
    .filter(({ lacksSetup }) => lacksSetup)
    .map(({ command }) => `\`${shortened(command)}\``);
  const isOne = failed.length === 1;
  const checks = listed(
    failed.map(({ command, how }) => `\`${shortened(command)}\` (${how})`),
    MAX_LISTED,
  );
  const outputs = listed(
    failed.map(({ output }) => join(runDir, output)),
    MAX_LISTED,
  );
  const cause =
    lacks.length === 0
      ? 'What should happen? If the cause is that checks run on a fresh clone, without ignored files and with an empty home: stop the session, correct .samocode, and resume it.'
      : `${lacks.length < failed.length ? `Of ${listed(lacks, MAX_LISTED)}: ` : ''}${lacking} No agent can: stop the session, correct .samocode, and resume it. What should happen otherwise?`;
  return {
    text: oneLine(
      afterLeftOut(
        leftOut,
        `${checks} already ${isOne ? 'fails' : 'fail'} on the commit that the work begins from. ${cause} Output: ${outputs}`,
      ),
    ),
    options: [
      `making ${isOne ? 'it' : 'them'} green is part of the task`,
      `continue: at the end ${isOne ? 'it' : 'each'} may fail if it then fails in the same way on that commit, and the proof says "${RED_AFTER}"`,
    ],
    // No agent can supply what SETUP has to install, so this answer is never accepted automatically.
    ...(lacks.length === 0 && {
      suggestion: { letters: ['A'], reason: 'then every check passes when the session is done' },
    }),
  };
}

function otherFailureQuestion({ command, how }: OtherFailure): QuestionDraft {
  return {
    text: oneLine(
      `\`${shortened(command)}\` fails on the branch and on the base commit (${how} on both), but it says something else there. Is it the failure that may stay red?`,
    ),
    options: ['no, an agent repairs what the work has broken', `yes, it is the same: "${RED_AFTER}"`],
    suggestion: { letters: ['A'], reason: 'a check that fails anyway can hide what the work broke' },
  };
}

function shortened(line: string): string {
  return cut(visibleControls(line), MAX_LINE_CHARS);
}

/**
 * Writes the plan that the session was started with, and its checks, before a person is first asked about them. Not
 * together with the other documents: those are written again after a crash, and by then a person may have edited these.
 */
async function writeGivenPlan(worker: Worker): Promise<void> {
  const { paths, file, given } = worker;
  const { way, createdAt } = file;
  const { plan: text } = given;
  if (way !== 'plan' || text === undefined || stateOf(worker).lastIteration !== undefined) return;
  const ledger = ledgerOfPlan(text);
  ensurePlainFolder(paths.sessionDir);
  if (ledger !== undefined) await writeIfMissing(paths.requirements, ledger);
  crashPoint('after-given-checks');
  const { file: stamp } = stampsAt(Date.parse(createdAt));
  await writeIfMissing(join(paths.sessionDir, `${stamp}${GIVEN_PLAN}`), asPlan(text));
}

async function writeIfMissing(path: string, text: string): Promise<void> {
  if (statsAt(path) === undefined) await writeWhole(path, text);
}

/**
 * What a plan that no agent wrote asks for and a choice made at the start does not cover, as the reason to wait for a
 * person: nothing but the gate has shown its commands and the lines that lower the proof.
 */
async function beyondTheStart({ paths, file }: Worker, plan: string): Promise<string | undefined> {
  if (file.way !== 'plan') return undefined;
  const lowers = parsePlan(plan).testing !== undefined;
  const runs = commandLines(plan, await ledgerText(paths)).length > 0;
  const found = [
    ...(lowers ? ['a line that lowers the proof'] : []),
    ...(runs ? ['commands that will run'] : []),
  ];
  if (found.length === 0) return undefined;
  return `The plan was given with ${found.join(' and ')}: auto_approve does not cover that, so a person decides.`;
}

export async function settle(worker: Worker, { decision }: OpenWorkOf<'decision'>): Promise<NewEvent[]> {
  switch (decision.kind) {
    case 'run':
      return [];
    case 'limited': {
      const { lastIteration } = stateOf(worker);
      const outage = lastIteration && outageOf(lastIteration.ending);
      return outage ? [outageEnd(worker, outage)] : await limitEnd(worker, decision.until);
    }
    case 'block':
      return [blockedEvent(decision)];
    case 'done': {
      const { summary, requirements } = decision;
      return [{ type: 'done', summary, requirements, flow: `Done: ${summary}` }];
    }
    case 'park':
      return await recordParked(worker, awaitedFile(worker, decision));
    default:
      return decision satisfies never;
  }
}

/**
 * A wait for a file in the session folder that people write. With any other file (one that the worker writes, or one
 * elsewhere) the session would never resume, or resume at once, so a person has to resume it.
 */
function awaitedFile(worker: Worker, decision: ParkDecision): ParkDecision {
  const { file: named, ...rest } = decision;
  if (named === undefined || decision.for !== 'file_update') return decision;
  const file = relative(worker.paths.sessionDir, resolve(worker.paths.sessionDir, named));
  if (isOfPeople(worker, file)) return { ...rest, file };
  const why = decision.reason === undefined ? '' : ` (${decision.reason})`;
  return { ...rest, for: 'human_action', reason: `Change ${named}${why}, then resume the session.` };
}

function isOfPeople({ paths, writer }: Worker, file: string): boolean {
  if (file === '' || file.startsWith('..') || isAbsolute(file)) return false;
  const path = join(paths.sessionDir, file);
  const { overview, signal, history, sessionLog, logs, inbox } = paths;
  if ([overview, signal, history, sessionLog].includes(path)) return false;
  if ([logs, inbox].some((folder) => `${path}/`.startsWith(`${folder}/`))) return false;
  const { worktree } = stateOf({ writer });
  const isInWorktree = worktree !== undefined && statsAt(join(worktree.path, file)) !== undefined;
  return statsAt(path) !== undefined || !isInWorktree;
}
