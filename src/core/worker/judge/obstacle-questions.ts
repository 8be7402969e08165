import {
  afterFailedChecks,
  afterFalseClaims,
  afterUncommitted,
  afterUnreadMessages,
  afterUnreviewed,
  notCommitted,
  waitAboutBase,
} from '../../kernel/phases/after-checks.ts';
import type { ChangedTest, Decision, ProvedRequirement } from '../../kernel/phases/decision.ts';
import { OBSTACLES, type ObstacleName } from '../../kernel/phases/obstacles.ts';
import { block, run } from '../../kernel/phases/verdict.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { firstAnswer } from '../state/extension.ts';
import { leftOutBy } from '../state/left-out.ts';
import { checksOf, provingOf, stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import type { KnownBase } from './base-run.ts';
import { branchFacts, failureNotes, tipOfBranch, worktreeNow } from './check-facts.ts';
import { branchGone, falseClaims, laterWork } from './false-claims.ts';
import { ignoredWork } from './ignored-work.ts';
import { changedTests, comparedChecks, tryAddedTests, waitIfWeakened, withNote } from './judge-tests.ts';
import { splitFailures, unreviewed } from './ledger.ts';
import { asReason, type Proof, proveBranch } from './prove.ts';
import { turnsGreen } from './turns-green.ts';
import { whyUnread } from './unread-work.ts';

interface Inquiry {
  evidence: Evidence;
  worker: Worker;
  iteration: number;
  decision: Decision;
  /** Those that the agent whose signal is judged confirmed. */
  reviewed?: readonly string[] | undefined;
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
    const progress = progressOf(inquiry.worker);
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
  { iteration, reviewed }: Pick<Inquiry, 'iteration' | 'reviewed'>,
  given: Decision,
): Promise<{ decision: Decision; events: NewEvent[] }> {
  const { worker } = evidence;
  const inquiry: Inquiry = { evidence, worker, iteration, reviewed, decision: given, events: [] };
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
