import { writeWhole } from '../../kernel/files/atomic-file.ts';
import type { ChangedTest, Decision, ParkDecision, Weakening } from '../../kernel/phases/decision.ts';
import { failsItself, MAX_CHANGED_TESTS } from '../../kernel/phases/proving.ts';
import { park } from '../../kernel/phases/verdict.ts';
import { listedWeakenings } from '../../project/proving/weakened.ts';
import {
  type ChangesOfChecks,
  type ComparedCommits,
  changesOfChecks,
  diffOfWeakened,
  linesChanged,
} from '../../project/proving/weakened-read.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import type { Evidence, TipOfBranch } from '../state/evidence.ts';
import { endAgentTree } from '../state/processes.ts';
import { provingOf, stateOf, type Worker } from '../state/worker.ts';
import {
  baseOfWork,
  branchFacts,
  commitWithTree,
  judgingBase,
  mainGit,
  showChecking,
} from './check-facts.ts';
import { runInClone } from './in-clone.ts';
import {
  bound,
  changedIn,
  isOfPerson,
  isUntriedBy,
  outputIn,
  type TriedOldTests,
  untriedIn,
  whyInQuestion,
} from './old-tests.ts';
import { repeatRed } from './repeated.ts';

export interface ComparedChecks extends ComparedCommits, ChangesOfChecks {
  checks: readonly string[];
  /** What base and branch have at a changed path. */
  blobs: ReadonlyMap<string, readonly (string | undefined)[]>;
}

/** Compares the branch with the commit that the current goal started from, before any files of a chat. */
export async function comparedChecks(
  evidence: Evidence,
  tip: TipOfBranch | undefined,
): Promise<ComparedChecks | undefined> {
  const { worker } = evidence;
  const facts = tip && branchFacts(worker, tip.commit, judgingBase(stateOf(worker)));
  if (facts === undefined) return undefined;
  const commits = { mainRepo: worker.file.mainRepo, base: facts.base, commit: facts.tip };
  const checks = await evidence.fullCommands();
  const seen = await facts.entries(mainGit(worker));
  const changes = await changesOfChecks(commits, worker.git.context, seen);
  const blobs = new Map(
    seen.flatMap(({ path, oldPath = path, before, blob }) =>
      [path, oldPath].map((each) => [each, [before, blob]] as const),
    ),
  );
  return { ...commits, checks, blobs, ...changes };
}

/**
 * What a person has not accepted yet. The comparison by names counts, or what no cell could try of it; where it finds
 * nothing, the files of a red cell that no reader may accept.
 */
export function openWeakenings(
  worker: Worker,
  { weakened, base, blobs }: ComparedChecks,
  tried: TriedOldTests | undefined,
): Weakening[] {
  const { acceptedWeakenings = [] } = stateOf(worker);
  const isOpen = ({ key }: Weakening) => !acceptedWeakenings.includes(key);
  // A key of an earlier version holds for the goal in which it was accepted.
  const isPlanned = ({ path }: Weakening) => tried?.planned.some((each) => each.path === path) === true;
  const found = weakened.filter((each) => isOpen(each) && isUntriedBy(tried, each) && !isPlanned(each));
  const named = found.map((each) => bound(each, { base, blobs: blobs.get(each.path) ?? [] }, tried));
  const ofCell = tried && isOfPerson(worker, tried) ? changedIn(tried) : [];
  const areNamed = tried?.old.kind === 'broken' && weakened.length > 0;
  const untried = tried === undefined ? [] : untriedIn(tried);
  const isOther = ({ path }: Weakening) => [...weakened, ...untried].every((each) => each.path !== path);
  const others = areNamed ? [] : ofCell.filter(isOther);
  return listedWeakenings([...named, ...untried, ...others]).filter(isOpen);
}

/**
 * A question to the person about checks that might prove less than those of the base.
 * @param tried what the checks of the base say of the work, if they were run
 * @param decision the decision that applies otherwise
 */
export async function waitForPerson(
  worker: Worker,
  {
    compared,
    tried,
    open,
  }: { compared: ComparedChecks; tried: TriedOldTests | undefined; open: Weakening[] },
  decision: Decision,
): Promise<ParkDecision> {
  const diff = await diffOfWeakened(compared, open, worker.git.context);
  await writeWhole(worker.paths.weakenedDiff, `${outputIn(tried)}${diff}`);
  const asked = new Set(open.map(({ path }) => path));
  const byNames =
    compared.checks.length > 0
      ? 'The checks pass, but files that they depend on were changed.'
      : 'No check runs here, and tests or their settings were changed.';
  const why = whyInQuestion(tried);
  return {
    ...park(stateOf(worker).progress.phase, 'qa_answers', decision.phase),
    weakened: open,
    reason: why === undefined ? byNames : `The checks pass. ${why}.`,
    notes: 'notes' in decision ? decision.notes : undefined,
    changedTests: pathsOfChanged(compared).filter((path) => !asked.has(path)),
  };
}

/** Changed files that had checks on the base, by their new names; reported whether or not a question is asked. */
function pathsOfChanged({ files }: Pick<ComparedChecks, 'files'>): string[] {
  return files
    .filter(({ hadChecks }) => hadChecks)
    .map(({ path }) => path)
    .slice(0, MAX_CHANGED_TESTS);
}

/** The files of `pathsOfChanged`, with the number of changed lines. */
export async function changedTests(worker: Worker, compared: ComparedChecks): Promise<ChangedTest[]> {
  return await linesChanged(compared, pathsOfChanged(compared), worker.git.context);
}

export function withNote(decision: Decision, note: string | undefined): Decision {
  return withNotes(decision, note === undefined ? [] : [note]);
}

/** For the next agent, if there is one. */
export function withNotes(decision: Decision, notes: readonly string[]): Decision {
  if (notes.length === 0 || (decision.kind !== 'run' && decision.kind !== 'limited')) return decision;
  return { ...decision, notes: [...decision.notes, ...notes] };
}

/**
 * Whether a check that passes on the branch fails twice on the commit where its work began: then a file without
 * content, a mode or white space can be the work. Asked only about a branch that changes nothing else.
 */
export async function turnsGreen(
  evidence: Evidence,
  { tip, iteration }: { tip: TipOfBranch; iteration: number },
): Promise<boolean> {
  const { worker } = evidence;
  const { worktree } = stateOf(worker);
  const base = baseOfWork(stateOf(worker));
  if (worktree === undefined || base === undefined || provingOf(worker).in === 'worktree') return false;
  if ((await commitWithTree(worker, base)).tree === tip.tree) return false;
  const commands = await evidence.showingCommands();
  if (commands.length === 0) return false;
  showChecking(worker, 'the commit where the work began');
  const { runs } = await whileTakingCommands(worker, async (signal) => {
    const set = {
      ...{ name: 'before', commit: base, commands, worktree, iteration, signal },
      ...{ proving: provingOf(worker), mark: worker.file.id },
      outputDir: iterationPaths(worker.paths, iteration).checks,
    };
    return await repeatRed(worker, set, await runInClone(worker, set));
  }).finally(() => endAgentTree(worker, undefined, { leftoversOnly: true }));
  return runs.some(
    (run) => failsItself(run) && run.again !== undefined && failsItself({ ...run, ...run.again }),
  );
}
