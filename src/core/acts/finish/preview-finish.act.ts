import type { ActionContext } from '../../caller/context/context.ts';
import { inThisBuild } from '../../caller/context/in-this-build.ts';
import { type Preview, previewOf } from '../../caller/facts/preview.ts';
import { counted } from '../../kernel/text.ts';
import { TRASH_DAYS } from '../../project/finishing/trash.ts';
import { joinNames } from '../../session/commands/judge-finish.ts';
import { SCREENS } from '../../session/layout/paths.ts';
import { unsignedWords } from '../../session/proof/proof-limits.ts';
import {
  type FinishSessionInput,
  type FinishVerdict,
  type FinishWay,
  isOnlyRead,
  judgeFinish,
} from './judge-finish.ts';
import { publishing } from './publishing.ts';

/** Describes what finishing a session would do. Changes nothing. */
export async function previewFinish(input: FinishSessionInput, context: ActionContext): Promise<Preview> {
  return await finishPreview(input, await judgeFinish(input, context), context);
}

export async function finishPreview(
  input: FinishSessionInput,
  judged: FinishVerdict,
  context: ActionContext,
): Promise<Preview> {
  const { view, refusal, base } = judged;
  if (refusal) return previewOf({ view, would: [], refusal });
  const { how } = input;
  if (isOnlyRead(view)) return previewOf({ view, would: [OLDER_MOVES] }, [how]);
  if (how === 'pull_request') return await inThisBuild(publishing).preview(input, judged, context);
  const lines = judged.isRepeated
    ? ['It is merged already; only the comment on its issue will be written again.']
    : would({ ...input, how }, judged);
  // Another commit with the same count is another one.
  return previewOf({ view, would: lines }, [how, base?.tip, ...lines]);
}

const OLDER_MOVES =
  "An earlier samocode began it: the session's folder will move, and its branch and worktree will stay.";

function would(
  { how, keep }: FinishSessionInput & { how: Exclude<FinishWay, 'pull_request'> },
  judged: FinishVerdict,
): string[] {
  const { view, facts, moved } = judged;
  switch (how) {
    case 'keep_branch':
      return [
        aboutBranch(judged),
        ...aboutWorktree(facts),
        `The session's folder will move to _archive/${view.folder}; unarchive restores it.`,
        'Its checkpoints will be removed: it cannot be rewound after that.',
      ];
    case 'archive_documents':
      return [
        `${counted(moved.length, 'document')} will move into the session's own _archive: ${joinNames(moved)}.`,
        ...(keep.length > 0 ? [`These will stay: ${joinNames(keep)}.`] : []),
        ...(facts.names.includes(SCREENS)
          ? ['Images in screens/ will be moved too; a copy stays with the documents that are not moved.']
          : []),
        'Branch, worktree and overview will stay; the session can then take a new goal.',
      ];
    case 'merge':
      return aboutMerge(judged);
    case 'discard':
      return [
        `Branch ${view.state.worktree?.branch ?? ''} will be deleted: ${standing(judged)}.`,
        ...aboutWorktree(facts),
        `A ref will keep both, uncommitted files included, for ${TRASH_DAYS} days; unarchive prints the commands that restore them.`,
        `The session's folder will move to _archive/${view.folder}.`,
      ];
    case 'unarchive':
      return [
        `The session's folder will move back to ${view.paths.sessionsDir}; its worktree will be recreated when it continues.`,
      ];
    default:
      return how satisfies never;
  }
}

function aboutMerge({ view, base }: FinishVerdict): string[] {
  const { sessionFile, state } = view;
  const { into = '', ahead = 0, checkout } = base ?? {};
  const own = state.checks ?? sessionFile?.settings.checks ?? [];
  // The checks of the requirements are among the commands that proved the work.
  const checks = new Set([...own, ...(state.proved?.commands ?? [])]);
  const place = (state.proving ?? sessionFile?.settings.proving)?.in ?? 'worktree';
  return [
    `${counted(ahead, 'commit')} of branch ${state.worktree?.branch} will be merged into ${into}, in a temporary clone.`,
    aboutChecks(checks.size, place, { into, mayStayRed: state.baseChecks?.choice === 'leave' }),
    checkout === undefined
      ? `${into} is not checked out anywhere: only the branch will move.`
      : `${into} is checked out in ${checkout}: its files will be updated if it has no uncommitted changes; otherwise you will get the command.`,
    'Branch and worktree will stay; nothing will be pushed.',
    ...aboutSignatures(view, base),
  ];
}

function aboutChecks(
  checks: number,
  place: string,
  { into, mayStayRed }: { into: string; mayStayRed: boolean },
): string {
  if (checks === 0) return 'The project has no CHECK: nothing will be checked.';
  return place === 'clone'
    ? `${counted(checks, 'check')} will run on the result; ${into} will move only if all of them pass${mayStayRed ? ` (one that a person let stay red may fail if it then fails in the same way on ${into})` : ''}.`
    : `CHECK_IN=worktree: no check can run on the result; ${into} will move only if neither it nor the branch has new commits since the checks passed.`;
}

/** What a repository that requires signatures would refuse. */
export function aboutSignatures(
  { state: { worktree } }: FinishVerdict['view'],
  base: FinishVerdict['base'],
): string[] {
  if (!base?.unsigned || worktree === undefined) return [];
  return [unsignedWords(base.unsigned, worktree.baseCommit)];
}

function aboutWorktree({ worktree }: FinishVerdict['facts']): string[] {
  if (worktree === undefined) return [];
  const { path, reading } = worktree;
  if (reading.kind === 'missing') return ['Its worktree is already gone.'];
  const found = (reading.kind === 'present' && reading.found) || [];
  const also =
    found.length > 0
      ? ` and also these, which programs of the project wrote and no commit has: ${joinNames(found)}`
      : '';
  return [`The worktree ${path} will be removed, including ignored files${also}.`];
}

function aboutBranch(judged: FinishVerdict): string {
  const { view, base } = judged;
  const { worktree } = view.state;
  if (worktree === undefined || base === undefined) return 'It has no branch yet.';
  const { branch, base: from } = worktree;
  if (base.tip === undefined) return `Its branch ${branch} is already gone.`;
  return `Branch ${branch} will stay: ${standing(judged, from)}, at ${base.tip.slice(0, 8)}.`;
}

/** How far the branch is, as counted now. */
function standing({ base, view }: FinishVerdict, from = 'its base'): string {
  const { into, ahead = 0, sinceBase = 0, tip, isInBase } = base ?? {};
  const isBegun = tip !== view.state.worktree?.baseCommit;
  if (into !== undefined && ahead === 0 && isBegun) return `all its commits are in ${into}`;
  if (isInBase) return `its work is in ${view.state.worktree?.base}`;
  return into === undefined
    ? `${counted(sinceBase, 'commit')} since ${from}`
    : `${counted(ahead, 'commit')} ahead of ${into}`;
}
