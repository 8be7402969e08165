import { refPrefix } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { type GitOptions, gitLine, runGit } from '../../../core/project/git/git.ts';
import { mergeTree } from '../../../core/project/git/no-drivers.ts';
import { commitsOf, type GitContext } from '../../../core/project/git/repository.ts';

// A person's uncommitted files, copied at the start into a commit that is on no branch. Its parent is the commit that
// was checked out then, which need not be the base of the session.

interface Kept extends GitContext {
  mainRepo: string;
  sessionFolder: string;
  /** The commit with the copies. */
  copies: string;
}

/** Goes with the checkpoints of the session. */
function keptRef({ sessionFolder, copies }: Kept): string {
  return `${refPrefix(sessionFolder)}brought/${copies}`;
}

export async function keepCopies(kept: Kept): Promise<void> {
  const { mainRepo, copies, sessionFolder: _, ...context } = kept;
  await runGit(['update-ref', '--no-deref', keptRef(kept), copies], { ...context, cwd: mainRepo });
}

export type FirstCommit =
  /** The copies on top of the base. */
  | { kind: 'made'; commit: string }
  /** The base already has everything. */
  | { kind: 'same' }
  | { kind: 'conflicts'; files: string[] }
  /** The repository does not contain the commit. */
  | { kind: 'gone' }
  /** git cannot merge without a checkout: it is older than 2.38. */
  | { kind: 'unable' };

/** Puts the copies on top of a base, by a three-way merge of files. Touches no checkout, no index and no branch. */
export async function firstCommitOn(base: string, kept: Kept): Promise<FirstCommit> {
  const { mainRepo, copies, sessionFolder: _, ...context } = kept;
  const main = { ...context, cwd: mainRepo };
  const ref = keptRef(kept);
  const [there, before, made] = await commitsOf([copies, `${copies}^`, ref], main);
  // A worker that died has made it already; the base may have moved since.
  if (made !== undefined && made !== copies) return { kind: 'made', commit: made };
  if (there === undefined || before === undefined) return { kind: 'gone' };
  if (before === base) return { kind: 'made', commit: copies };
  const { message, ...same } = await signatureOf(copies, main);
  const merged = await mergedTree({ base, before, copies }, { ...main, ...same });
  if (merged.kind !== 'tree') return merged;
  if (merged.tree === (await gitLine(['rev-parse', `${base}^{tree}`], main))) return { kind: 'same' };
  const commitTree = ['commit-tree', merged.tree, '-p', base, '-F', '-'];
  const commit = await gitLine(commitTree, { ...main, ...same, input: message });
  await runGit(['update-ref', '--no-deref', ref, commit], main);
  return { kind: 'made', commit };
}

async function mergedTree(
  { base, before, copies }: { base: string; before: string; copies: string },
  options: GitOptions,
): ReturnType<typeof mergeTree> {
  // git before 2.40 takes no merge base, so the base's files become a commit beside the copies.
  const beside = await gitLine(['commit-tree', `${base}^{tree}`, '-p', before, '-m', 'base'], options);
  return await mergeTree(beside, copies, options);
}

/** The identity and time of a commit as variables for another one, and its message. */
async function signatureOf(commit: string, options: GitOptions) {
  const { stdout } = await runGit(['log', '-1', '--format=%an%x00%ae%x00%aI%x00%B', commit, '--'], options);
  const [name = '', email = '', date = '', message = ''] = stdout.split('\0');
  const env = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
  return { message, env };
}
