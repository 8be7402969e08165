import { counted } from '../../base/text.ts';
import { TRASH_DAYS } from '../../project/finishing/trash.ts';
import { listWorktrees } from '../../project/git/worktree-list.ts';
import { namedShort } from '../../session/commands/judge-finish.ts';
import { SCREENS } from '../../session/layout/paths.ts';
import type { ActionContext } from '../common/context.ts';
import { type Preview, previewOf } from '../common/preview.ts';
import { type FinishLook, type FinishSessionInput, lookAtFinish } from './look-at-finish.ts';
import { whyNotPublished } from './publish.ts';

/** Says what finishing a session would do. Changes nothing. @throws what `lookAtFinish` throws */
export async function previewFinish(input: FinishSessionInput, context: ActionContext): Promise<Preview> {
  const look = await lookAtFinish(input, context);
  const { view, refusal } = look;
  return previewOf(view, refusal, refusal ? [] : await would(input, look, context));
}

async function would(
  { how, keep }: FinishSessionInput,
  look: FinishLook,
  context: ActionContext,
): Promise<string[]> {
  const { view, facts, moved } = look;
  switch (how) {
    case 'keep_branch':
      return [
        aboutBranch(look),
        ...aboutWorktree(facts),
        `The session's folder moves to _archive/${view.folder}; unarchive restores it.`,
        'Its checkpoints are removed: it can no longer be rewound.',
      ];
    case 'archive_documents':
      return [
        `${counted(moved.length, 'document')} to move into the session's own _archive: ${namedShort(moved)}.`,
        ...(keep.length > 0 ? [`Not moved: ${namedShort(keep)}.`] : []),
        ...(facts.names.includes(SCREENS)
          ? ['Pictures in screens/ go with them; a copy stays with what is not moved.']
          : []),
        'Branch, worktree and overview stay; the session can take a new goal.',
      ];
    case 'merge':
      return await aboutMerge(look);
    case 'pull_request':
      return await aboutPullRequest(look, context);
    case 'discard':
      return [
        `Branch ${view.state.worktree?.branch ?? ''} is deleted: ${counted(look.base?.sinceBase ?? 0, 'commit')}.`,
        ...aboutWorktree(facts),
        `Both are kept, uncommitted files included, for ${TRASH_DAYS} days; unarchive restores them.`,
        `The session's folder moves to _archive/${view.folder}.`,
      ];
    case 'unarchive':
      return [
        `The session's folder moves back to ${view.paths.sessionsDir}; its worktree is created again when it continues.`,
        ...(view.state.trash ? [`Branch ${view.state.trash.branch} is restored.`] : []),
      ];
    default:
      return how satisfies never;
  }
}

async function aboutMerge({ view, base, git }: FinishLook): Promise<string[]> {
  const { sessionFile, state } = view;
  const { into = '', ahead = 0 } = base ?? {};
  const own = state.checks ?? sessionFile?.settings.checks ?? [];
  // Those of the requirements are among what the work was proved by.
  const checks = new Set([...own, ...(state.proved?.commands ?? [])]);
  const place = (state.proving ?? sessionFile?.settings.proving)?.in ?? 'worktree';
  const entries = await listWorktrees(sessionFile?.mainRepo ?? '', git);
  const checkout = entries.find(({ branch }) => branch === into);
  return [
    `${counted(ahead, 'commit')} of branch ${state.worktree?.branch} to merge into ${into}, in a clone that is thrown away.`,
    aboutChecks(checks.size, place, into),
    checkout === undefined
      ? `${into} is checked out nowhere: the branch alone moves.`
      : `${into} is checked out in ${checkout.path}: its files are updated if it has no uncommitted changes; else you get the command.`,
    `Branch and worktree stay; nothing is pushed.`,
  ];
}

function aboutChecks(checks: number, place: string, into: string): string {
  if (checks === 0) return 'The project has no CHECK: nothing is checked.';
  return place === 'clone'
    ? `${counted(checks, 'check')} to run on the result; ${into} moves only if all of them pass.`
    : `CHECK_IN=worktree: no check runs on the result; ${into} moves only if it has no new commits, and the branch none since its checks passed.`;
}

async function aboutPullRequest(look: FinishLook, context: ActionContext): Promise<string[]> {
  const { view, base } = look;
  const why = await whyNotPublished(look, context);
  const { status, worktree } = view.state;
  const commits = counted(base?.sinceBase ?? 0, 'commit');
  return [
    why === undefined
      ? `Branch ${worktree?.branch} is pushed (${commits}), and gh opens a pull request.`
      : `${why} You get the commands that publish branch ${worktree?.branch} (${commits}).`,
    ...(status.kind === 'done' ? [] : [`It is a draft: the session is ${status.kind}, not done.`]),
    `Its text is written to ${view.paths.sessionDir}/pull-request.md.`,
  ];
}

function aboutWorktree({ worktree }: FinishLook['facts']): string[] {
  if (worktree === undefined) return [];
  return worktree.reading.kind === 'missing'
    ? ['Its worktree is already gone.']
    : [`The worktree ${worktree.path} is removed, ignored files with it.`];
}

function aboutBranch({ view, base }: FinishLook): string {
  const { worktree } = view.state;
  if (worktree === undefined || base === undefined) return 'It has no branch yet.';
  const { branch, base: from } = worktree;
  if (base.tip === undefined) return `Its branch ${branch} is already gone.`;
  const ahead = counted(base.sinceBase, 'commit');
  return `Branch ${branch} stays: ${ahead} ahead of ${from}, at ${base.tip.slice(0, 8)}.`;
}
