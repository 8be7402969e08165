import type { BranchFacts } from '../../project/proving/branch-facts.ts';
import { hasSameCode, linksOutside } from '../../project/proving/branch-work.ts';
import type { FailedCheck } from '../../project/proving/run-check.ts';
import { asPlan } from '../../session/documents/as-plan.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { boxesIn } from '../../session/documents/given-plan.ts';
import { parseMarkdown } from '../../session/documents/markdown-lines.ts';
import { endOfPlan, type PlanPhase, parsePlan } from '../../session/documents/plan.ts';
import { isMet, REVIEWED } from '../../session/documents/requirements.ts';
import { isNamed } from '../../session/proof/plan-files.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { checksOf, stateOf, type Worker } from '../state/worker.ts';
import { branchFacts, mainGit, tipOfBranch, type WorktreeNow } from './check-facts.ts';

export interface FalseClaims {
  /** One line each. */
  claims: string[];
  /** Another one, unless a check that failed before the work passes now: see `turnsGreen`. */
  noWork?: string;
}

/** Claims about finished work that the branch does not support. Only an approved plan makes promises. */
export async function falseClaims(
  evidence: Evidence,
  tip: TipOfBranch | undefined,
  now: Pick<WorktreeNow, 'branch'> | undefined,
): Promise<FalseClaims> {
  const { worker } = evidence;
  const { worktree } = stateOf(worker);
  const facts = tip && branchFacts(worker, tip.commit);
  if (worktree === undefined || facts === undefined) return { claims: [] };
  const git = mainGit(worker);
  const links = (await linksOutside(await facts.entries(git), git)).map(
    ({ path, target }) => `the link ${path} leads out of the repository, to ${target}`,
  );
  const { claims, noWork } = await emptyPromises(evidence, facts);
  return { claims: [...otherBranch(now, worktree), ...links, ...claims], noWork };
}

/** Without its branch nothing of a session can be verified. */
export async function branchGone({ worker, tip: askTip }: Evidence): Promise<string | undefined> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined) return undefined;
  const tip = await askTip();
  return tip === undefined ? `the branch ${worktree.branch} of this session is gone` : undefined;
}

export async function laterWork(worker: Worker, proved: TipOfBranch | undefined): Promise<string[]> {
  if (proved === undefined) return [];
  // Not the tip that was asked for before the checks ran.
  const { commit } = await tipOfBranch(worker);
  if (commit === proved.commit) return [];
  return [
    `the branch is at ${commit.slice(0, 12)}, but the checks last passed on ${proved.commit.slice(0, 12)}`,
  ];
}

function otherBranch(now: Pick<WorktreeNow, 'branch'> | undefined, { branch }: { branch: string }): string[] {
  if (now === undefined || now.branch === branch) return [];
  const where = now.branch === undefined ? 'no branch' : `the branch ${now.branch}`;
  return [`the worktree has ${where} checked out, but the work of this session belongs on ${branch}`];
}

async function emptyPromises(evidence: Evidence, facts: BranchFacts): Promise<FalseClaims> {
  const { worker } = evidence;
  const git = mainGit(worker);
  const { text, outcome } = await evidence.plan();
  const nothing = async (asked: string) =>
    (await facts.changesContent(git))
      ? undefined
      : `${asked}, but the branch changes nothing except white space since ${facts.base.slice(0, 12)}`;
  if (stateOf(worker).progress.way === 'quick')
    return { claims: [], noWork: await nothing('the task asks for a change') };
  if (text === undefined || !outcome.approved) return { claims: [] };
  const { phases, testing } = parsePlan(text);
  const given = givenPhases(worker);
  const isOpen = ({ completed, steps }: PlanPhase) => !completed || (given && steps.done < steps.total);
  const claims = [...phases.filter(isOpen).map(openSteps), ...(phases.length > 0 ? [] : openBoxes(text))];
  const promising = phases.filter((phase) => promisedFiles(phase).length > 0);
  // A phase that does not list its files can concern any file.
  const isAboutNone = phases.length > 0 && phases.every(({ files }) => files.length > 0);
  if (testing?.instead !== 'none' && (promising.length > 0 || !isAboutNone)) {
    const noWork = await nothing('the plan asks for changes (it has no "Testing: none")');
    if (noWork !== undefined) return { claims, noWork };
  }
  for (const phase of promising) {
    const files = promisedFiles(phase);
    const before = given?.find(({ number, name }) => number === phase.number && name === phase.name);
    const isClaimed = before === undefined ? isBegun(phase) : phase.steps.done > before.steps.done;
    const isAmong = (path: string) => files.some((file) => isNamed(file, path));
    if (isClaimed && !(await facts.touches(files, git, isAmong)))
      claims.push(`${named(phase)} is ticked, but no commit touches its files (${files.join(', ')})`);
  }
  return { claims };
}

/** The phases of the plan that the session was started with and is held to, box by box. */
function givenPhases({ file, given, writer: { state } }: Worker): PlanPhase[] | undefined {
  if (file.way !== 'plan' || given.plan === undefined || state.goal !== undefined) return undefined;
  return parsePlan(asPlan(given.plan)).phases;
}

function isBegun({ completed, steps }: PlanPhase): boolean {
  return completed || steps.done > 0;
}

function openBoxes(text: string): string[] {
  const end = endOfPlan(parseMarkdown(text));
  const boxes = boxesIn(text).filter(({ line }) => line < end);
  const open = boxes.filter(({ isDone }) => !isDone).length;
  return open === 0 ? [] : [`the plan, which has no phases, has ${open} open steps of ${boxes.length}`];
}

function openSteps({ steps: { done, total }, ...phase }: PlanPhase): string {
  return total === 0
    ? `${named(phase)} has neither steps (- [x] …) nor the line "**Phase ${phase.number} completed**"`
    : `${named(phase)} has ${total - done} open steps of ${total}`;
}

function named({ number, name }: Pick<PlanPhase, 'number' | 'name'>): string {
  return `phase ${number} of the plan${name === '' ? '' : ` (${name})`}`;
}

/** Files that the branch should contain, without session documents; empty if a name cannot be resolved. */
function promisedFiles({ files }: PlanPhase): string[] {
  return files.some((name) => /[{}<>…]/.test(name)) ? [] : files.filter(isInRepository);
}

function isInRepository(file: string): boolean {
  if (file === '' || /^(?:\(?none\)?|n\/a|[-–—]+)\.?$/i.test(file) || /^(?:\/|~|\.\.)/.test(file))
    return false;
  return parseDocumentName(file.split('/').at(-1) ?? '') === undefined;
}

/** The commands that a merge must pass. Includes those that proved the work, even if its plan is archived now. */
export async function mergeCommands(evidence: Evidence): Promise<string[]> {
  const { proved } = stateOf(evidence.worker);
  return [...new Set([...(await evidence.fullCommands()), ...(proved?.commands ?? [])])];
}

/** Splits failed commands into those of the project and a line for each requirement that one leaves open. */
export async function splitFailures(
  evidence: Evidence,
  failures: readonly FailedCheck[],
): Promise<{ ofProject: FailedCheck[]; requirements: string[] }> {
  const lines: string[] = [];
  const ofLedger = new Set<string>();
  for (const { id, text, check } of (await evidence.plan()).requirements) {
    const failure = failures.find(({ command }) => command === check);
    if (failure === undefined) continue;
    ofLedger.add(check);
    lines.push(`requirement ${id} is open (${text}): \`${check}\` (${failure.how})`);
  }
  const own = checksOf(evidence.worker);
  const ofProject = failures.filter(({ command }) => own.includes(command) || !ofLedger.has(command));
  return { ofProject, requirements: lines };
}

/** Requirements without a command that no quality agent has confirmed for the current code, except those in `also`. */
export async function unreviewed(evidence: Evidence, also: readonly string[] = []): Promise<string[]> {
  const { reviewed = [], reviewedAt = {} } = stateOf(evidence.worker);
  const changed = await changedSince(evidence, Object.values(reviewedAt));
  const held = reviewed.filter((id) => !changed.includes(reviewedAt[id] ?? ''));
  const shown = { reviewed: [...held, ...also] };
  return (await evidence.plan()).requirements
    .filter((each) => each.check === REVIEWED && !isMet(each, shown))
    .map(
      ({ id, text }) => `requirement ${id} is open (${text}): no review of the current code has confirmed it`,
    );
}

async function changedSince(
  { worker, tip: askTip }: Evidence,
  commits: readonly string[],
): Promise<string[]> {
  const { mainRepo } = worker.file;
  const { context } = worker.git;
  const tip = commits.length === 0 ? undefined : (await askTip())?.commit;
  if (tip === undefined) return [];
  const changed: string[] = [];
  for (const base of new Set(commits))
    if (!(await hasSameCode({ ...context, mainRepo, base, tip }))) changed.push(base);
  return changed;
}
