import { realpath } from 'node:fs/promises';
import { type CheckpointStore, repositoryOptions } from './checkpoint-store.ts';
import { runGit } from './git.ts';
import { openRefFiles } from './ref-files.ts';
import { commitOf } from './repository.ts';

export interface HeadsQuestion {
  worktreePath: string;
  branch: string;
  last: { ref: string; commit: string } | undefined;
}

export interface Heads {
  /** The commit that is checked out; undefined where there is none of this repository. */
  head: string | undefined;
  /** It and, if it is another, the tip of the session's branch. */
  parents: string[];
  /** The last checkpoint is still where it was kept. */
  hasLast: boolean;
}

/** What a checkpoint stands on. */
export async function readHeads(store: CheckpointStore, question: HeadsQuestion): Promise<Heads> {
  const { worktreePath, branch, last } = question;
  try {
    const files = await openRefFiles(store.commonDir, worktreePath);
    if (files !== undefined) {
      const head = await files.commitAt('HEAD');
      const tip = await files.commitAt(`refs/heads/${branch}`);
      return headsOf(head, tip, { last, now: last && (await files.commitAt(last.ref)) });
    }
  } catch {
    // Whatever is odd about them, git is asked.
  }
  return await askGit(store, question);
}

const WHERE = ['rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'];

async function askGit(store: CheckpointStore, { worktreePath, branch, last }: HeadsQuestion): Promise<Heads> {
  const repository = repositoryOptions(store);
  const options = { ...store.context, cwd: worktreePath, allowFailure: true };
  const [here, tip, now] = await Promise.all([
    runGit([...WHERE, '--verify', 'HEAD'], options),
    commitOf(`refs/heads/${branch}`, repository),
    last && commitOf(last.ref, repository),
  ]);
  const [toplevel, commonDir, head] = here.stdout.trim().split('\n');
  // A worktree that lost its .git file lies inside MAIN_REPO in the usual layout: git would speak of that one.
  // And a repository that a child made in its place has commits that this one knows nothing of.
  const isOurs =
    here.exitCode === 0 && toplevel === (await realpath(worktreePath)) && commonDir === store.commonDir;
  return headsOf(isOurs ? head : undefined, tip, { last, now });
}

function headsOf(
  head: string | undefined,
  tip: string | undefined,
  { last, now }: { last: HeadsQuestion['last']; now: string | undefined },
): Heads {
  const parents = [...new Set([head, tip])].filter((commit) => commit !== undefined);
  return { head, parents, hasLast: last !== undefined && last.commit === now };
}
