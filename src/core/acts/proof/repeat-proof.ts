import type { CheckRun } from '../../kernel/phases/proving.ts';
import { gitLine } from '../../project/git/git.ts';
import { commitOf, type GitContext, isAncestor } from '../../project/git/repository.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { readProof, type SessionProof } from '../../session/proof/proof.ts';
import { provedPartly } from '../../session/proof/proof-limits.ts';
import type { Difference, RepeatedCheck, Repetition } from './repetition.ts';

/** Commits, and what is claimed about them. Others may have written the claims and the code. */
export interface Claims {
  /** Contains the commits. */
  mainRepo: string;
  git: GitContext;
  /** Absent if there is no proof, or if the proof was altered. */
  proof?: SessionProof | undefined;
  /** Found in the text of the proof. */
  differences: readonly Difference[];
  /** The commits of which one has to be that of the proof: of a pull request its head, otherwise the tips of the branch. */
  heads: readonly string[];
  branch?: string | undefined;
}

/** The only commands of a pull request that run. It cannot choose them. */
export interface TrustedCommands {
  setup: string | undefined;
  checks: readonly string[];
  /** The tip of the target branch, on which a check has to fail that may stay red. */
  base: string;
}

/** Runs SETUP and commands on a fresh clone of a commit. */
export type RunOnCommit = (commit: string, commands: readonly string[]) => Promise<SetEnd>;

/** The claims in a text about a pull request's head. */
export function claimsOf(
  text: string | undefined,
  { head, ...place }: { mainRepo: string; git: GitContext; head: string },
): Claims {
  const reading = readProof(text ?? '');
  return {
    ...place,
    heads: [head],
    proof: reading.kind === 'proof' ? reading.proof : undefined,
    differences: reading.kind === 'altered' ? [ALTERED] : [],
  };
}

const ALTERED: Difference = {
  what: 'proof',
  expected: 'the data that samocode wrote',
  found: 'other data',
};

/**
 * Repeats what is claimed about a commit: its branch must have the same commit and tree, and each command must end the
 * same way on a fresh clone.
 * @param trusted of a pull request: these run on its head, and its proof is only compared with their results. A failing
 * check is then accepted only if the proof says so and it fails the same way on the base. Otherwise the commands of the
 * proof run
 */
export async function repeatProof(
  claims: Claims,
  trusted: TrustedCommands | undefined,
  run: RunOnCommit,
): Promise<Repetition> {
  const { proof, differences: known, branch } = claims;
  const commit = trusted ? claims.heads[0] : proof?.commit;
  // Compared before any of the code runs.
  const ofCommits = proof && (await compareCommits(proof, claims, trusted !== undefined));
  const claimed = proof?.checks?.runs ?? [];
  const listed = trusted ? listedRuns(trusted) : claimed;
  const canRun = commit !== undefined && (trusted !== undefined || ofCommits?.areThere === true);
  const commands = listed.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const ran = canRun && listed.length > 0 ? await run(commit, commands) : { runs: [], failures: [] };
  const repeated = repeatedChecks(listed, claimed, ran);
  const checks = trusted ? await verifyRedBefore(repeated, trusted.base, run) : repeated;
  const ofChecks = canRun ? checks.flatMap((check) => differenceOf(check, ran)) : [];
  const differences = [...known, ...(ofCommits?.differences ?? []), ...ofChecks];
  const notRepeated = trusted ? untrustedRuns(proof, trusted) : [];
  const partly = proof && provedPartly(proof);
  const isPartly = partly !== undefined || notRepeated.length > 0;
  const same = proof === undefined ? 'no_proof' : isPartly ? 'partly' : 'repeated';
  return {
    verified: differences.length === 0 && proof !== undefined,
    result: differences.length > 0 ? 'differs' : same,
    differences,
    session: proof?.session,
    branch,
    commit,
    proved: proof?.commit,
    checks,
    notRepeated,
    requirements: requirementsOf(proof, checks),
    partly,
    ranIn: !trusted && proof?.checks?.in === 'worktree' ? 'worktree' : undefined,
  };
}

const HASH = /^[0-9a-f]{40,64}$/;
const NO_COMMIT = 'no such commit here';

/** @returns also whether its commit and the base of it are in the repository */
async function compareCommits(
  { commit, tree, baseCommit }: SessionProof,
  { mainRepo, git, heads, branch }: Claims,
  isTargeted: boolean,
): Promise<{ differences: Difference[]; areThere: boolean }> {
  const options = { ...git, cwd: mainRepo };
  // Others may have written these names, and git would evaluate anything but a hash as an expression.
  const has = async (hash: string) => HASH.test(hash) && (await commitOf(hash, options)) !== undefined;
  const isIn = async (hash: string, other: string) => await isAncestor(hash, other, options);
  const [head] = heads;
  const isThere = await has(commit);
  const differences: Difference[] = [];
  if (head === undefined && branch !== undefined)
    differences.push({ what: 'branch', expected: branch, found: 'no such branch here' });
  if (head !== undefined && !heads.includes(commit)) {
    const what = isThere && (await isIn(commit, head)) ? 'older_commit' : 'commit';
    differences.push({ what, about: branch, expected: commit, found: head });
  } else if (!isThere) differences.push({ what: 'commit', expected: commit, found: NO_COMMIT });
  if (!isThere) return { differences, areThere: false };
  const found = await gitLine(['rev-parse', `${commit}^{tree}`], options);
  if (tree !== undefined && found !== tree) differences.push({ what: 'tree', expected: tree, found });
  const areThere = await has(baseCommit);
  if (!areThere) differences.push({ what: 'base', expected: baseCommit, found: NO_COMMIT });
  else if (isTargeted && !(await isIn(baseCommit, commit)))
    differences.push({ what: 'base', expected: baseCommit, found: 'no such ancestor of the head' });
  return { differences, areThere };
}

type Named = Pick<RepeatedCheck, 'command' | 'isSetup'>;

function listedRuns({ setup, checks }: TrustedCommands): Named[] {
  const commands = checks.map((command) => ({ command }));
  return setup === undefined ? commands : [{ command: setup, isSetup: true }, ...commands];
}

/** Also what failed before the commands and is not listed: a service, or a SETUP whose result came from the cache. */
function repeatedChecks(
  listed: readonly Named[],
  claimed: readonly CheckRun[],
  { runs }: SetEnd,
): RepeatedCheck[] {
  const isSame = (one: Named) => (other: Named) =>
    one.command === other.command && one.isSetup === other.isSetup;
  const before = runs.filter((run) => run.isSetup && run.exitCode !== 0 && !listed.some(isSame(run)));
  return [...before, ...listed].map(({ command, isSetup }) => {
    const { exitCode: expected, redBefore, unsteady } = claimed.find(isSame({ command, isSetup })) ?? {};
    const now = runs.find(isSame({ command, isSetup }));
    const found = { found: now?.exitCode, durationMs: now?.durationMs };
    return { command, isSetup, redBefore, unsteady, expected, ...found };
  });
}

/** Runs the checks that failed before, according to the proof, on the base: the claim alone is not trusted. */
async function verifyRedBefore(
  checks: readonly RepeatedCheck[],
  base: string,
  run: RunOnCommit,
): Promise<RepeatedCheck[]> {
  const claimed = checks.filter(
    ({ redBefore, expected, found }) => redBefore && found !== 0 && found === expected,
  );
  const commands = claimed.map(({ command }) => command);
  const onBase = commands.length === 0 ? [] : (await run(base, commands)).runs;
  return checks.map((check) => {
    const isRed = onBase.some(
      ({ command, isSetup, exitCode }) =>
        command === check.command && isSetup === check.isSetup && exitCode === check.found,
    );
    if (claimed.includes(check) && isRed) return check;
    // That the proof calls it unsteady excuses no failure.
    return { ...check, redBefore: undefined, ...(check.found !== 0 && { unsteady: undefined }) };
  });
}

function differenceOf(check: RepeatedCheck, ran: SetEnd): Difference[] {
  const { redBefore, unsteady, expected = 0, found } = check;
  if (unsteady && (found === 0 || found === expected)) return [];
  if (found !== expected) return [statusDifference(check, ran)];
  // The check fails as the proof claims, but not on the base.
  return found === 0 || redBefore ? [] : [statusDifference({ ...check, expected: 0 }, ran)];
}

function untrustedRuns(
  proof: SessionProof | undefined,
  { setup, checks }: TrustedCommands,
): Repetition['notRepeated'] {
  const runs = proof?.checks?.runs ?? [];
  const untrusted = runs.filter(({ command, isSetup }) =>
    isSetup ? command !== setup : !checks.includes(command),
  );
  // The proof has no run of its SETUP if the result was cached.
  const own = proof?.clone.setup;
  const isUnlisted = own !== undefined && own !== setup && !untrusted.some(({ isSetup }) => isSetup);
  return [
    ...(isUnlisted ? [{ command: own, isSetup: true as const }] : []),
    ...untrusted.map(({ command, isSetup, exitCode: expected }) => ({ command, isSetup, expected })),
  ];
}

function requirementsOf(
  proof: SessionProof | undefined,
  checks: readonly RepeatedCheck[],
): Repetition['requirements'] {
  return (proof?.requirements ?? []).map(({ id, text, check }) => {
    const found = checks.find(({ command, isSetup }) => command === check && !isSetup)?.found;
    const ofRun = found === undefined ? 'not_repeated' : found === 0 ? 'passed' : 'failed';
    return { id, text, check, shown: check === 'reviewed' ? 'reviewed' : ofRun };
  });
}

/** The difference to report for a check that did not end as expected. */
function statusDifference({ command, expected = 0, found }: RepeatedCheck, { failures }: SetEnd): Difference {
  const lastLines = failures.find((failure) => failure.command === command)?.lastLines;
  return {
    what: 'exit_status',
    about: command,
    expected: formatStatus(expected),
    found: formatStatus(found),
    lastLines,
  };
}

function formatStatus(status: number | null | undefined): string {
  if (status === undefined) return 'it did not run';
  return status === null ? 'none: a signal or the time limit ended it' : String(status);
}
