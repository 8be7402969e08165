import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { beginning, visibleControls } from '../../kernel/text.ts';
import { refPrefix } from '../../project/checkpoints/checkpoint-refs.ts';
import { type Collected, collectPrivateGit } from '../../sandbox/private-git/collect.ts';
import { privateGitIn, readNote } from '../../sandbox/private-git/private-git.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/**
 * Fetches commits from the session's private git folder into the repository: after an agent, and before the next
 * one, since SETUP and CHECK can commit too. Nothing of the session may be running in the guard.
 * @throws GitError when the repository can't be written; a repeated call has the same result
 */
export async function collectWork(worker: Worker): Promise<void> {
  const { worktree } = stateOf(worker);
  const git = privateGitIn(worker.paths.runDir);
  if (worktree === undefined || (await readNote(git)) === undefined) return;
  const gitDir = await gitDirOf(worktree.path);
  if (gitDir === undefined) return;
  const { context } = worker.git;
  const plan = {
    git,
    commonDir: await worker.git.sharedDir(),
    gitDir,
    branch: worktree.branch,
    worktreePath: worktree.path,
    ownRefs: refPrefix(refNameOf(worker.file)),
    message: `samocode: ${worker.file.folder}`,
  };
  const text = noticeOf(await collectPrivateGit(plan, context), plan);
  if (text !== undefined) await record(worker, { type: 'notice', code: 'commits', text, flow: text });
}

/** What the person and the next agent must know; undefined if the branch was simply updated. */
function noticeOf(
  { kind, why = '', others, head, lockedBy }: Collected,
  { branch, ownRefs }: { branch: string; ownRefs: string },
): string | undefined {
  const parts = [
    kind === 'refused'
      ? `The new commits could not be fetched: ${beginning(visibleControls(why), MAX_CHARACTERS)}. The files in the worktree are as the agent left them; commit them again.`
      : '',
    kind === 'aside'
      ? `Someone else moved ${branch} while the agent was running. The branch was left unchanged; the agent's commits are kept as ${ownRefs}heads/${branch}, and its files are in the worktree.`
      : '',
    kind === 'branch_gone'
      ? `The agent deleted ${branch}. The branch was left unchanged, and the files are in the worktree.`
      : '',
    others.length === 0 ? '' : `Commits that are not on ${branch} are kept as ${others.join(', ')}.`,
    head === undefined || (kind === 'nothing' && others.length === 0)
      ? ''
      : `The agent left ${head.replace(/^refs\/heads\//, '')} checked out; only commits on ${branch} count as the work of this session.`,
    lockedBy === undefined
      ? ''
      : `Git's index of the worktree is behind ${branch}, because another git holds ${lockedBy}; it is updated at the next step after that. If no git or editor is working in the worktree, remove that file.`,
  ];
  return parts.some((part) => part !== '') ? parts.filter((part) => part !== '').join(' ') : undefined;
}

const MAX_CHARACTERS = 600;
