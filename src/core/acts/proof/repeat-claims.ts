import { gitLine, gitSaysYes } from '../../project/git/git.ts';
import { commitOf, type GitContext } from '../../project/git/repository.ts';
import type { SetEnd } from '../../project/proving/run-on-clone.ts';
import { readProof, type SessionProof } from '../../session/proof/proof.ts';
import { provedPartly } from '../../session/proof/proof-limits.ts';
import { type Difference, type RepeatedCheck, statusDifference } from './repeated-check.ts';

/** A commit to be merged, and what its pull request claims about it. Others wrote the text and the code. */
export interface ClaimedWork {
  /** Contains both commits. */
  mainRepo: string;
  git: GitContext;
  head: string;
  /** The tip of the target branch. */
  base: string;
  /** The description of the pull request; undefined if there is none. */
  text: string | undefined;
}

/** The only commands that run. The pull request cannot choose them. */
export interface TrustedCommands {
  setup: string | undefined;
  checks: readonly string[];
}

export interface Repetition {
  /**
   * `repeated`: everything matches the proof. `partly`: what ran matches, but the proof has more commands
   * or leaves something open. `no_proof`: the text has none, and the checks pass. `differs`: a check fails or
   * does not match the proof.
   */
  result: 'repeated' | 'partly' | 'no_proof' | 'differs';
  commit: string;
  session?: string;
  /** The commit that the proof is about. */
  proved?: string;
  differences: Difference[];
  /** The trusted commands and their results. */
  checks: RepeatedCheck[];
  /** Commands of the proof that did not run, because they are not among the trusted ones. */
  notRepeated: Pick<RepeatedCheck, 'command' | 'isSetup' | 'expected'>[];
  requirements: { id: string; text: string; check: string; shown: RequirementShown }[];
  /** What the proof itself leaves open. */
  partly?: string;
}

export type RequirementShown = 'passed' | 'failed' | 'reviewed' | 'not_repeated';

/** Runs SETUP and commands on a fresh clone of a commit. */
export type RunOnCommit = (commit: string, commands: readonly string[]) => Promise<SetEnd>;

/**
 * Repeats what a pull request claims: the trusted commands run on its head, and its proof is only compared
 * with their results. A failing check is accepted only if the proof says so and it fails the same way on the
 * base.
 */
export async function repeatClaims(
  work: ClaimedWork,
  commands: TrustedCommands,
  run: RunOnCommit,
): Promise<Repetition> {
  const reading = readProof(work.text ?? '');
  const proof = reading.kind === 'proof' ? reading.proof : undefined;
  // Compared before any code of the pull request runs.
  const ofCommits = proof === undefined ? [] : await commitDifferences(proof, work);
  const ran = await run(work.head, commands.checks);
  const checks = await verifyRedBefore(repeatedChecks(commands, proof, ran), work.base, run);
  const differences = [
    ...(reading.kind === 'altered' ? [ALTERED] : []),
    ...ofCommits,
    ...checks.flatMap((check) => differenceOf(check, ran)),
  ];
  const notRepeated = untrustedRuns(proof, commands);
  const partly = proof && provedPartly(proof);
  const isPartly = partly !== undefined || notRepeated.length > 0;
  const same = proof === undefined ? 'no_proof' : isPartly ? 'partly' : 'repeated';
  return {
    result: differences.length > 0 ? 'differs' : same,
    commit: work.head,
    session: proof?.session,
    proved: proof?.commit,
    differences,
    checks,
    notRepeated,
    requirements: requirementsOf(proof, checks),
    partly,
  };
}

const ALTERED: Difference = {
  what: 'proof',
  expected: 'the data that samocode wrote',
  found: 'other data',
};

const HASH = /^[0-9a-f]{40,64}$/;

async function commitDifferences(
  { commit, tree, baseCommit }: SessionProof,
  { mainRepo, git, head }: ClaimedWork,
): Promise<Difference[]> {
  const options = { ...git, cwd: mainRepo };
  // Others wrote these names, and git would evaluate anything but a hash as an expression.
  const isInHead = async (hash: string) =>
    HASH.test(hash) &&
    (await commitOf(hash, options)) !== undefined &&
    (await gitSaysYes(['merge-base', '--is-ancestor', hash, head], options));
  if (commit !== head)
    return [{ what: (await isInHead(commit)) ? 'older_commit' : 'commit', expected: commit, found: head }];
  const found = await gitLine(['rev-parse', `${head}^{tree}`], options);
  const differences: Difference[] = [];
  if (tree !== undefined && tree !== found) differences.push({ what: 'tree', expected: tree, found });
  if (!(await isInHead(baseCommit)))
    differences.push({ what: 'base', expected: baseCommit, found: 'no such ancestor of the head' });
  return differences;
}

function repeatedChecks(
  { setup, checks }: TrustedCommands,
  proof: SessionProof | undefined,
  { runs }: SetEnd,
): RepeatedCheck[] {
  const wanted: Pick<RepeatedCheck, 'command' | 'isSetup'>[] = [
    ...(setup === undefined ? [] : [{ command: setup, isSetup: true as const }]),
    ...checks.map((command) => ({ command })),
  ];
  return wanted.map(({ command, isSetup }) => {
    const isSame = (run: Pick<RepeatedCheck, 'command' | 'isSetup'>) =>
      run.command === command && run.isSetup === isSetup;
    const claimed = proof?.checks?.runs.find(isSame);
    const now = runs.find(isSame);
    const { exitCode: expected, redBefore } = claimed ?? {};
    return { command, isSetup, redBefore, expected, found: now?.exitCode, durationMs: now?.durationMs };
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
    return claimed.includes(check) && isRed ? check : { ...check, redBefore: undefined };
  });
}

function differenceOf(check: RepeatedCheck, ran: SetEnd): Difference[] {
  const { redBefore, expected = 0, found } = check;
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
