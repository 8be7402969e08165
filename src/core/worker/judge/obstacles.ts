import { once } from '../../kernel/once.ts';
import {
  afterFailedChecks,
  afterFalseClaims,
  afterSameWork,
  afterUncommitted,
  afterUnreadMessages,
  afterUnreviewed,
  MAX_UNSTEADY_RETURNS,
  notCommitted,
  repeats,
  waitAboutBase,
} from '../../kernel/phases/after-checks.ts';
import type { ChangedTest, Decision, ProvedRequirement } from '../../kernel/phases/decision.ts';
import { OBSTACLES, type ObstacleName } from '../../kernel/phases/obstacles.ts';
import { isReviewed } from '../../kernel/phases/progress.ts';
import { Bite, UNSTEADY, unsteadyIn } from '../../kernel/phases/proving.ts';
import { MAX_TEST_RETURNS } from '../../kernel/phases/table.ts';
import { block, run } from '../../kernel/phases/verdict.ts';
import { capitalised } from '../../kernel/text.ts';
import type { BranchFacts } from '../../project/proving/branch-facts.ts';
import type { Square } from '../../project/proving/square.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { leftOutBy } from '../state/environment.ts';
import { Evidence, type TipOfBranch } from '../state/evidence.ts';
import { firstAnswer } from '../state/extension.ts';
import { checksOf, choicesOf, provingOf, record, stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import type { KnownBase } from './base-run.ts';
import { notesAbout, tryBite } from './bite.ts';
import { branchFacts, failureNotes, mainGit, squareOfWork, tipOfBranch, worktreeNow } from './check-facts.ts';
import { asReason, type Proof, proveBranch } from './checks.ts';
import { branchGone, falseClaims, laterWork, splitFailures, unreviewed } from './claims.ts';
import { ignoredWork } from './ignored-work.ts';
import {
  asRecorded,
  changedIn,
  needsReader,
  notesForReader,
  type TriedOldTests,
  triedOldTests,
  whyInQuestion,
} from './old-tests.ts';
import {
  type ComparedChecks,
  changedTests,
  comparedChecks,
  openWeakenings,
  turnsGreen,
  waitForPerson,
  withNote,
  withNotes,
} from './tests.ts';

interface Inquiry {
  evidence: Evidence;
  worker: Worker;
  iteration: number;
  decision: Decision;
  /** Those that the agent whose signal is judged confirmed. */
  reviewed?: readonly string[] | undefined;
  /** By that agent; absent after a person's answer. */
  treeChanged?: boolean;
  events: NewEvent[];
  /** Set by the first question that needs it, which runs the checks. */
  shown?: Shown;
  changedTests?: ChangedTest[];
  compared?: ComparedChecks | undefined;
  oldTests?: TriedOldTests | undefined;
  bite?: Bite | undefined;
}

interface Shown {
  tip: TipOfBranch | undefined;
  claims: string[];
  /** Why the branch lacks something, as git knows it; only with claims or failed checks. */
  causes: string[];
  requirements: ProvedRequirement[];
  proof: Proof;
  /** Checks that were accepted though they fail at times. */
  unsteady: string[];
  square: () => Promise<Square | undefined>;
}

type Question = (inquiry: Inquiry) => Promise<Decision | undefined>;

export const OBSTACLE_QUESTIONS: Readonly<Record<ObstacleName, Question>> = {
  messages: unreadMessages,
  async branch_gone({ worker, evidence }) {
    const gone = await branchGone(evidence);
    return gone === undefined ? undefined : afterFalseClaims(progressOf(worker), [gone]);
  },
  async impossible_checks(inquiry) {
    const { proof } = await shownOf(inquiry);
    if (proof.kind !== 'impossible') return undefined;
    return block(progressOf(inquiry.worker).phase, 'checks', proof.reason);
  },
  async red_base(inquiry) {
    const { proof } = await shownOf(inquiry);
    const progress = progressOf(inquiry.worker);
    if (proof.kind === 'other_failures') return waitAboutBase(progress.phase, progress.phase);
    if (proof.kind !== 'base_red') return undefined;
    const unrunnable = await afterUnrunnableBase(inquiry.worker, proof);
    return unrunnable ?? waitAboutBase(progress.phase, progress.phase);
  },
  async uncommitted(inquiry) {
    const { proof, claims, causes } = await shownOf(inquiry);
    if (proof.kind !== 'uncommitted') return undefined;
    const { progress, trail } = stateOf(inquiry.worker);
    const isAgain = inquiry.treeChanged === false && repeats(trail.refusal, proof.files);
    if (isAgain) return afterSameWork(progress, [...claims, ...causes], proof.files);
    if (claims.length === 0) return afterUncommitted(progress, proof.files);
    return afterFalseClaims(progress, [...claims, ...causes, notCommitted(proof.files)]);
  },
  async failed_checks(inquiry) {
    const { proof, claims, causes } = await shownOf(inquiry);
    if (proof.kind !== 'failed') return undefined;
    const progress = progressOf(inquiry.worker);
    const { ofProject, requirements } = await splitFailures(inquiry.evidence, proof.failures);
    const failures = ofProject.map(({ command, how }) => `\`${command}\` (${how})`);
    const details = await failureNotes(inquiry.worker, proof.failures);
    const found = [...claims, ...requirements];
    const returns = proof.failures.every(({ passed }) => passed) ? MAX_UNSTEADY_RETURNS : undefined;
    if (found.length === 0)
      return afterFailedChecks(progress, [...failures, ...causes], { details, ...(returns && { returns }) });
    return afterFalseClaims(progress, [...found, ...causes], { failures, details });
  },
  async false_claims(inquiry) {
    const { claims, causes } = await shownOf(inquiry);
    if (claims.length === 0) return undefined;
    const open = await unreviewedOf(inquiry);
    return afterFalseClaims(progressOf(inquiry.worker), [...claims, ...causes, ...open]);
  },
  async unread(inquiry) {
    const { worker, evidence } = inquiry;
    const { tip, unsteady } = await shownOf(inquiry);
    const why = await whyUnread(evidence, tip && branchFacts(worker, tip.commit), unsteady);
    const task = 'Read the whole diff against the task as it is written, and try what it asks for.';
    const notes = [...(why === undefined ? [] : [`${why} ${task}`]), ...(await notesForFirstReader(inquiry))];
    return notes.length === 0 ? undefined : run('quality', notes);
  },
  async unreviewed(inquiry) {
    const open = await unreviewedOf(inquiry);
    return open.length === 0 ? undefined : afterUnreviewed(progressOf(inquiry.worker), open);
  },
  async weakened_tests(inquiry) {
    const { worker } = inquiry;
    const compared = await comparedOf(inquiry);
    if (compared === undefined) return undefined;
    inquiry.changedTests = await changedTests(worker, compared);
    const tried = await oldTestsOf(inquiry);
    const open = openWeakenings(worker, compared, tried);
    if (open.length > 0) return await waitForPerson(worker, { compared, tried, open }, inquiry.decision);
    const unread = await unlessRead(inquiry, compared);
    if (unread === undefined) await tryWithoutWork(inquiry);
    return unread;
  },
  async outside_scope(inquiry) {
    const { evidence, decision } = inquiry;
    const { tip } = await shownOf(inquiry);
    return tip && (await firstAnswer((extension) => extension.outsideScope?.(evidence, tip, decision)));
  },
  async later_work(inquiry) {
    const later = await laterWork(inquiry.worker, (await shownOf(inquiry)).tip);
    return later.length === 0 ? undefined : afterFalseClaims(progressOf(inquiry.worker), later);
  },
  later_messages: unreadMessages,
};

/**
 * The decision for a signal that the branch must support: that of the first obstacle that applies, otherwise the
 * original one. If a stop interrupts its checks, nothing is decided, and the next worker asks again.
 */
export async function decideByObstacles(
  evidence: Evidence,
  asked: Pick<Inquiry, 'iteration' | 'reviewed' | 'treeChanged'>,
  given: Decision,
): Promise<{ decision: Decision; events: NewEvent[] }> {
  const { worker } = evidence;
  const inquiry: Inquiry = { ...asked, evidence, worker, decision: given, events: [] };
  const found = await firstObstacle(given.kind === 'done', (name) => OBSTACLE_QUESTIONS[name](inquiry));
  const { decision, events } = inquiry;
  if (found !== undefined) return { decision: withClaim(found, decision), events };
  const { requirements, unsteady } = await shownOf(inquiry);
  if (decision.kind !== 'done')
    return { decision: withNote(decision, unsteady.length > 0 ? unsteadyText(unsteady) : undefined), events };
  const shown = requirements.length > 0 ? requirements : undefined;
  const oldTests = asRecorded(worker, await oldTestsOf(inquiry), inquiry.reviewed);
  const bite = inquiry.bite && Bite.parse(inquiry.bite);
  const done = { ...decision, requirements: shown, changedTests: inquiry.changedTests, oldTests, bite };
  return { decision: done, events: [...events, ...inWorktreeNotice(worker)] };
}

/** After a person's answer the same agent would only repeat its signal: the worker judges it again instead. */
function withClaim(found: Decision, claim: Decision): Decision {
  if (found.kind !== 'park' || (claim.kind !== 'done' && claim.kind !== 'run')) return found;
  return claim.kind === 'done' || found.resumePhase === found.phase ? { ...found, claim } : found;
}

/** No agent can help if the checks cannot run on the base commit. */
export async function afterUnrunnableBase(
  worker: Worker,
  { base, failure }: Pick<KnownBase, 'base' | 'failure'>,
): Promise<Decision | undefined> {
  const { phase } = progressOf(worker);
  if (failure !== undefined) return block(phase, 'base_checks', asReason(failure));
  if (base?.result !== 'unrunnable') return undefined;
  const leftOut = await leftOutBy(worker);
  const reason = asReason(WORKER_ERRORS.base_checks.explain({ leftOut, failed: base.failed }));
  return block(phase, 'base_checks', reason);
}

/** Asks in order until the first answer. @param ask the question of that name */
export async function firstObstacle<T>(
  isBeforeDone: boolean,
  ask: (name: ObstacleName) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const { name, onlyBeforeDone } of OBSTACLES) {
    const answer = isBeforeDone || !onlyBeforeDone ? await ask(name) : undefined;
    if (answer !== undefined) return answer;
  }
  return undefined;
}

async function unreadMessages({ worker }: Inquiry): Promise<Decision | undefined> {
  const { waiting } = stateOf(worker).messages;
  const ids = waiting.map(({ id }) => id);
  return ids.length === 0 ? undefined : afterUnreadMessages(progressOf(worker), ids);
}

async function unreviewedOf({ evidence, decision, reviewed }: Inquiry): Promise<string[]> {
  return decision.kind === 'done' ? await unreviewed(evidence, reviewed) : [];
}

/** Claims are read before the checks run, because the checks take time and only one commit is proved. */
async function shownOf(inquiry: Inquiry): Promise<Shown> {
  if (inquiry.shown !== undefined) return inquiry.shown;
  const { evidence, worker, iteration, decision } = inquiry;
  const tip = stateOf(worker).worktree && ((await evidence.tip()) ?? (await tipOfBranch(worker)));
  const now = await worktreeNow(worker);
  const { claims, noWork } = await falseClaims(evidence, tip, now);
  const { requirements } = await evidence.plan();
  const isLast = decision.kind === 'done';
  const proof = await proveBranch(evidence, iteration, { tip, uncommitted: now?.uncommitted, isLast });
  if (noWork !== undefined) {
    const isShown = proof.kind === 'passed' && tip && (await turnsGreen(evidence, { tip, iteration }));
    if (!isShown) claims.push(noWork);
  }
  inquiry.events.push(...proof.events);
  const causes = await causesOf(worker, { claims, proof, isAll: noWork !== undefined });
  const ran = proof.events.flatMap((event) => (event.type === 'checks_ran' ? event.runs : []));
  const { proved } = stateOf(worker);
  const unsteady = ran.length > 0 ? unsteadyIn({ runs: ran }) : (proved?.unsteady ?? []);
  const square = once(() => squareOfWork(worker, tip));
  inquiry.shown = { tip, claims, causes, requirements, proof, unsteady, square };
  return inquiry.shown;
}

async function comparedOf(inquiry: Inquiry): Promise<ComparedChecks | undefined> {
  inquiry.compared ??= await comparedChecks(inquiry.evidence, (await shownOf(inquiry)).tip);
  return inquiry.compared;
}

/** Runs the tests of the base on the work, once. */
async function oldTestsOf(inquiry: Inquiry): Promise<TriedOldTests | undefined> {
  if ('oldTests' in inquiry) return inquiry.oldTests;
  const { evidence, iteration } = inquiry;
  const isLast = inquiry.decision.kind === 'done';
  inquiry.oldTests = await triedOldTests(evidence, { iteration, isLast, ...(await shownOf(inquiry)) });
  inquiry.events.push(...(inquiry.oldTests?.events ?? []));
  return inquiry.oldTests;
}

/** What passes without the work is said to whoever reads it next, once. */
async function tryWithoutWork(inquiry: Inquiry): Promise<void> {
  const { evidence, iteration, decision } = inquiry;
  const { bite, events } = await tryBite(evidence, { iteration, ...(await shownOf(inquiry)) });
  inquiry.bite = bite;
  inquiry.events.push(...events);
  const isNew = events.some((event) => event.type === 'checks_ran' && event.bite !== undefined);
  if (bite && isNew) inquiry.decision = withNotes(decision, await notesAbout(evidence, bite));
}

/** Notes about old tests for a first reader; none where a person is asked about them, or somebody has accepted them. */
async function notesForFirstReader(inquiry: Inquiry): Promise<string[]> {
  const { worker, reviewed } = inquiry;
  if (isReviewed(progressOf(worker))) return [];
  const tried = await oldTestsOf(inquiry);
  // A person who skipped the reader of other work knows that.
  if (progressOf(worker).way !== 'quick' && tried?.old.kind !== 'broken') return [];
  const isNamed = ((await comparedOf(inquiry))?.weakened.length ?? 0) > 0;
  return !isNamed && needsReader(worker, tried, reviewed) ? notesForReader(worker, tried) : [];
}

/** Old tests that fail on the work, and that whoever read it did not accept: silence is a no, and the third asks a person. */
async function unlessRead(inquiry: Inquiry, compared: ComparedChecks): Promise<Decision | undefined> {
  const { worker, decision, reviewed, oldTests: tried } = inquiry;
  if (compared.weakened.length > 0 || !needsReader(worker, tried, reviewed)) return undefined;
  const notes = notesForReader(worker, tried);
  const progress = progressOf(worker);
  if (!isReviewed(progress)) {
    inquiry.decision = withNotes(decision, notes);
    return undefined;
  }
  if (tried.old.kind !== 'broken') return undefined;
  if (!tried.wasKnown) return run('quality', notes);
  if (progress.testReturns >= MAX_TEST_RETURNS - 1)
    return await waitForPerson(worker, { compared, tried, open: changedIn(tried) }, decision);
  const claim = `${whyInQuestion(tried)}, and whoever read the work did not confirm that the task asks for that`;
  return afterFalseClaims(progress, [claim], { details: notes.slice(1) });
}

async function causesOf(
  worker: Worker,
  { claims, proof, isAll }: Pick<Shown, 'claims' | 'proof'> & { isAll: boolean },
): Promise<string[]> {
  const failures = proof.kind === 'failed' ? proof.failures : [];
  if (claims.length === 0 && failures.length === 0) return [];
  const said = failures.flatMap(({ command, lastLines }) => [command, lastLines]);
  return await ignoredWork(worker, [...claims, ...said], { isAll });
}

function progressOf(worker: Worker) {
  return stateOf(worker).progress;
}

function inWorktreeNotice(worker: Worker): NewEvent[] {
  if (checksOf(worker).length === 0 || provingOf(worker).in !== 'worktree') return [];
  const text =
    "The checks ran in the agent's worktree (CHECK_IN=worktree), with uncommitted and ignored files.";
  return [{ type: 'notice', code: 'checks_in_worktree', text }];
}

/** Judges a claim again after a person's answer, by the branch as it is now. */
export async function proveClaim(worker: Worker): Promise<void> {
  const { lastIteration, claim } = stateOf(worker);
  if (claim === undefined) return;
  const iteration = lastIteration?.iteration ?? 0;
  const judged = await decideByObstacles(new Evidence(worker), { iteration }, claim);
  await record(worker, ...judged.events, { type: 'judged_again', decision: judged.decision });
}

function unsteadyText(commands: readonly string[]): string {
  const named = commands.map((command) => `\`${command}\``).join(', ');
  return `${capitalised(UNSTEADY)}: ${named} failed, and passed when it was repeated alone, so it proves less about this work.`;
}

/** More changed lines than one agent alone may answer for. */
const MAX_UNREAD_LINES = 200;

/**
 * Why a quality agent must read quick work before it is done: by its size, not by what its own agent thinks of it.
 * @returns undefined if none must, or one has since the last change
 */
async function whyUnread(
  evidence: Evidence,
  facts: BranchFacts | undefined,
  unsteady: readonly string[],
): Promise<string | undefined> {
  const { worker } = evidence;
  const { progress } = stateOf(worker);
  if (progress.way !== 'quick' || isReviewed(progress)) return undefined;
  if (unsteady.length > 0) return unsteadyText(unsteady);
  if (choicesOf(worker).review) return 'The user wants this work reviewed.';
  if (!(await evidence.hasCommands())) return 'No command shows this work.';
  const { files, insertions, deletions } = (await facts?.size(mainGit(worker))) ?? {
    files: [],
    insertions: 0,
    deletions: 0,
  };
  const lines = insertions + deletions;
  if (lines > MAX_UNREAD_LINES)
    return `${lines} changed lines are more than the ${MAX_UNREAD_LINES} that one agent alone may answer for.`;
  return files.some((file) => file.insertions === null) ? 'It changes binary files.' : undefined;
}
