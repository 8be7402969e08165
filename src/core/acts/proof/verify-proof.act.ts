import type { ActionContext } from '../../caller/context/context.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import type { CheckRun } from '../../kernel/phases/proving.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import { gitLine, runGit } from '../../project/git/git.ts';
import { commitOf } from '../../project/git/repository.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import type { SessionProof } from '../../session/proof/proof.ts';
import { provedPartly } from '../../session/proof/proof-limits.ts';
import { type ClonePlace, type CloneRunOptions, checksOnClone } from './checks-on-clone.ts';
import type { OpenedProof } from './open-proof.ts';
import { type Difference, type RepeatedCheck, statusDifference } from './repeated-check.ts';

export interface Verification {
  verified: boolean;
  differences: Difference[];
  session?: string;
  branch?: string;
  commit?: string;
  checks: RepeatedCheck[];
  sandbox: SandboxLevel;
  /** What the proof leaves open even if it is repeated successfully. */
  partly?: string;
  ranIn?: 'worktree';
}

/**
 * Repeats a proof: the branch must have the same commit and tree, and each command must end the same way on a fresh
 * clone.
 */
export async function verifyProof(
  { proof, differences: known, place }: OpenedProof,
  context: ActionContext,
  options: CloneRunOptions,
): Promise<Verification> {
  const sandbox = place.guard?.now.level ?? 'none';
  if (proof === undefined) return { verified: false, differences: known, checks: [], sandbox };
  const { session, branch, commit } = proof;
  const { differences, canRun } = await compareCommits(proof, place);
  const expected = proof.checks?.runs ?? [];
  const ran =
    canRun && expected.length > 0 ? await repeat(proof, place, context, options) : { runs: [], failures: [] };
  const checks = [...unexpectedSetup(ran, expected), ...expected].map((run) => repeatedCheck(run, ran));
  const ofChecks = canRun ? checks.flatMap((check) => differenceOf(check, ran)) : [];
  const all = [...known, ...differences, ...ofChecks];
  const ranIn = proof.checks?.in === 'worktree' ? 'worktree' : undefined;
  const partly = provedPartly(proof);
  return {
    verified: all.length === 0,
    differences: all,
    session,
    branch,
    commit,
    checks,
    sandbox,
    ranIn,
    partly,
  };
}

async function compareCommits(
  { branch, commit, tree, baseCommit }: SessionProof,
  { mainRepo, git }: OpenedProof['place'],
): Promise<{ differences: Difference[]; canRun: boolean }> {
  const options = { ...git, cwd: mainRepo };
  const list = ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`, `refs/remotes/*/${branch}`];
  const tips = (await runGit(list, options)).stdout.split('\n').filter(Boolean);
  const differences: Difference[] = [];
  if (tips[0] === undefined)
    differences.push({ what: 'branch', expected: branch, found: 'no such branch here' });
  else if (!tips.includes(commit))
    differences.push({ what: 'commit', about: branch, expected: commit, found: tips[0] });
  const has = async (hash: string) => (await commitOf(hash, options)) !== undefined;
  if (!(await has(baseCommit)))
    differences.push({ what: 'base', expected: baseCommit, found: 'no such commit here' });
  if (!(await has(commit))) {
    if (tips.includes(commit) || tips[0] === undefined)
      differences.push({ what: 'commit', expected: commit, found: 'no such commit here' });
    return { differences, canRun: false };
  }
  const found = await gitLine(['rev-parse', `${commit}^{tree}`], options);
  if (tree !== undefined && found !== tree) differences.push({ what: 'tree', expected: tree, found });
  return { differences, canRun: !differences.some(({ what }) => what === 'base') };
}

async function repeat(
  { checks, clone, commit, branch, baseCommit: base }: SessionProof,
  place: ClonePlace,
  context: ActionContext,
  options: CloneRunOptions,
): Promise<SetEnd> {
  const commands = (checks?.runs ?? []).flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const set = { commit, branch, base, commands, proving: clone };
  const cloneFailed = (problem: string) => READING_ERRORS.proof_not_repeated({ problem });
  return await checksOnClone(place, set, context, { ...options, cloneFailed });
}

function repeatedCheck(
  { command, isSetup, redBefore, exitCode: expected }: CheckRun,
  { runs }: SetEnd,
): RepeatedCheck {
  const now = runs.find((run) => run.command === command && run.isSetup === isSetup);
  return { command, isSetup, redBefore, expected, found: now?.exitCode, durationMs: now?.durationMs };
}

/** A failed SETUP that is not in the proof, because its result came from the cache then. */
function unexpectedSetup({ runs }: SetEnd, expected: readonly CheckRun[]): CheckRun[] {
  const setup = runs.find(({ isSetup, exitCode }) => isSetup && exitCode !== 0);
  return setup === undefined || expected.some(({ isSetup }) => isSetup) ? [] : [{ ...setup, exitCode: 0 }];
}

function differenceOf(check: RepeatedCheck, ran: SetEnd): Difference[] {
  return check.found === check.expected ? [] : [statusDifference(check, ran)];
}
