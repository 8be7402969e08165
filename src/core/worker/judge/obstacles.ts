import { join } from 'node:path';
import { isSamocodeError } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import {
  afterFailedChecks,
  afterFalseClaims,
  afterSameWork,
  afterUncommitted,
  afterUnreadMessages,
  afterUnreviewed,
  notCommitted,
  repeats,
  waitAboutBase,
} from '../../kernel/phases/after-checks.ts';
import type { ChangedTest, Decision, ProvedRequirement } from '../../kernel/phases/decision.ts';
import { OBSTACLES, type ObstacleName } from '../../kernel/phases/obstacles.ts';
import { isReviewed } from '../../kernel/phases/progress.ts';
import { block, run } from '../../kernel/phases/verdict.ts';
import { visibleControls } from '../../kernel/text.ts';
import { type GitOptions, readRecords, runGit } from '../../project/git/git.ts';
import type { BranchFacts } from '../../project/proving/branch-facts.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { leftOutBy } from '../state/environment.ts';
import { Evidence, type TipOfBranch } from '../state/evidence.ts';
import { firstAnswer } from '../state/extension.ts';
import { checksOf, choicesOf, provingOf, record, stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import type { KnownBase } from './base-run.ts';
import { branchFacts, failureNotes, mainGit, tipOfBranch, worktreeNow } from './check-facts.ts';
import { asReason, type Proof, proveBranch } from './checks.ts';
import { branchGone, falseClaims, laterWork, splitFailures, unreviewed } from './claims.ts';
import {
  changedTests,
  comparedChecks,
  tryAddedTests,
  turnsGreen,
  waitIfWeakened,
  withNote,
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
}

interface Shown {
  tip: TipOfBranch | undefined;
  claims: string[];
  /** Why the branch lacks something, as git knows it; only with claims or failed checks. */
  causes: string[];
  requirements: ProvedRequirement[];
  proof: Proof;
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
    if (found.length === 0) return afterFailedChecks(progress, [...failures, ...causes], details);
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
    const { tip } = await shownOf(inquiry);
    const why = await whyUnread(evidence, tip && branchFacts(worker, tip.commit));
    if (why === undefined) return undefined;
    const task = 'Read the whole diff against the task as it is written, and try what it asks for.';
    return run('quality', [`${why} ${task}`]);
  },
  async unreviewed(inquiry) {
    const open = await unreviewedOf(inquiry);
    return open.length === 0 ? undefined : afterUnreviewed(progressOf(inquiry.worker), open);
  },
  async weakened_tests(inquiry) {
    const { evidence, worker, iteration } = inquiry;
    const compared = await comparedChecks(evidence, (await shownOf(inquiry)).tip);
    if (compared === undefined) return undefined;
    const tried = await tryAddedTests(evidence, iteration, compared);
    inquiry.events.push(...tried.events);
    inquiry.decision = withNote(inquiry.decision, tried.proveNothing);
    inquiry.changedTests = await changedTests(worker, compared);
    return await waitIfWeakened(worker, compared, inquiry.decision);
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
  if (decision.kind !== 'done') return { decision, events };
  const { requirements } = await shownOf(inquiry);
  const shown = requirements.length > 0 ? requirements : undefined;
  const done = { ...decision, requirements: shown, changedTests: inquiry.changedTests };
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
  inquiry.shown = { tip, claims, causes, requirements, proof };
  return inquiry.shown;
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

/** More changed lines than one agent alone may answer for. */
const MAX_UNREAD_LINES = 200;

/**
 * Why a quality agent must read quick work before it is done: by its size, not by what its own agent thinks of it.
 * @returns undefined if none must, or one has since the last change
 */
async function whyUnread(evidence: Evidence, facts: BranchFacts | undefined): Promise<string | undefined> {
  const { worker } = evidence;
  const { progress } = stateOf(worker);
  if (progress.way !== 'quick' || isReviewed(progress)) return undefined;
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

const LIMIT_MS = 10_000;
/** Of words of the texts, of ignored files that are listed, and of causes. */
const MAX_WORDS = 2000;
const MAX_LISTED = 5000;
const MAX_CAUSES = 5;

/**
 * Files of the worktree that git ignores, so that no commit has them: those that the texts name, such as claims, commands
 * and their output. A cause of a refusal, which the refusal itself does not show.
 * @param isAll also those that changed since SETUP
 */
async function ignoredWork(
  worker: Worker,
  texts: readonly string[],
  { isAll }: { isAll: boolean },
): Promise<string[]> {
  const cwd = stateOf(worker).worktree?.path;
  if (cwd === undefined || statsAt(cwd) === undefined) return [];
  const options = { ...worker.git.context, cwd, timeoutMs: LIMIT_MS };
  try {
    const named = namedIn(cwd, texts);
    const since = statsAt(worker.paths.setup)?.mtimeMs ?? 0;
    const changed = isAll ? await changedIgnored(since, options) : [];
    return (await rulesOf([...new Set([...named, ...changed])], options)).slice(0, MAX_CAUSES);
  } catch (error) {
    // A hint is not worth the decision.
    if (isSamocodeError(error)) return [];
    throw error;
  }
}

/** The words that are files there. A path of a clone ends with one. */
function namedIn(cwd: string, texts: readonly string[]): string[] {
  const words = new Set(texts.flatMap((text) => text.split(/[\s'"`:;,()[\]{}<>|=]+/)));
  const found: string[] = [];
  for (const word of [...words].slice(0, MAX_WORDS)) {
    const parts = word.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.length === 0 || parts.length > 30 || parts.includes('..')) continue;
    const from = word.startsWith('/') ? parts.map((_, at) => parts.slice(at).join('/')) : [parts.join('/')];
    const path = from.find((each) => statsAt(join(cwd, each)) !== undefined);
    if (path !== undefined) found.push(path);
  }
  return found;
}

async function changedIgnored(since: number, options: GitOptions): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  const changed: string[] = [];
  let read = 0;
  await readRecords(args, options, (path) => {
    if ((statsAt(join(options.cwd, path))?.mtimeMs ?? 0) > since) changed.push(path);
    read += 1;
    return read < MAX_LISTED;
  });
  return changed;
}

async function rulesOf(paths: readonly string[], options: GitOptions): Promise<string[]> {
  if (paths.length === 0) return [];
  const ask = ['check-ignore', '--verbose', '-z', '--stdin'];
  const { stdout } = await runGit(ask, { ...options, input: paths.join('\0'), allowFailure: true });
  const fields = stdout.split('\0');
  const causes: string[] = [];
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [source = '', line = '', rule = '', path = ''] = fields.slice(at, at + 4);
    if (!rule.startsWith('!'))
      causes.push(visibleControls(`${path} is ignored by ${source}:${line}, so no commit has it`));
  }
  return causes;
}
