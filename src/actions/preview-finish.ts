import { readdir } from 'node:fs/promises';
import { ifExists } from '../base/errors.ts';
import { commitsSince } from '../project/changes.ts';
import { inspectWorktree } from '../project/inspect-worktree.ts';
import { commitOf } from '../project/repository.ts';
import { parseDocumentName } from '../session/documents.ts';
import { oneLine } from '../session/markdown-lines.ts';
import type { SessionView } from '../session/status.ts';
import { putAwayByHand } from './after-command.ts';
import { count } from './changes-words.ts';
import type { ActionContext } from './context.ts';
import { findSession } from './find-session.ts';
import type { FinishSessionInput } from './finish-session.ts';
import { safeGit } from './safe-git.ts';
import { statusSentence } from './status-sentence.ts';

/** What would be done, and what stands against it; sentences of ours with names from the files. */
export interface FinishPreview {
  view: SessionView;
  would: string[];
  /** Empty: nothing stands against it. */
  hindrances: string[];
}

/** Looks what finishing a session would do. Changes nothing. @throws SessionNotFoundError, GitError */
export async function previewFinish(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishPreview> {
  const view = await findSession(input, context);
  switch (input.how) {
    case 'keep_branch':
      return await previewArchive(view, context);
    case 'archive_documents':
      return await previewDocuments(view, input.keep);
    case 'unarchive':
      return previewUnarchive(view);
    default:
      return input.how satisfies never;
  }
}

async function previewArchive(view: SessionView, context: ActionContext): Promise<FinishPreview> {
  const [branch, worktree] = await Promise.all([aboutBranch(view, context), aboutWorktree(view, context)]);
  return {
    view,
    would: [
      ...branch,
      ...worktree.would,
      `The session's folder goes to _archive/${view.folder}; unarchive brings it back.`,
      'Its checkpoints go: it cannot be rewound any more.',
    ],
    hindrances: [...notAtRest(view), ...worktree.hindrances],
  };
}

async function aboutBranch(view: SessionView, { env }: ActionContext): Promise<string[]> {
  const { sessionFile, state } = view;
  const { worktree } = state;
  if (sessionFile === undefined || worktree === undefined) return ['It has no branch yet.'];
  const { branch, base, baseCommit } = worktree;
  const options = { baseEnv: env, cwd: sessionFile.mainRepo };
  const head = await commitOf(`refs/heads/${branch}`, options);
  if (head === undefined) return [`Its branch ${branch} is gone already.`];
  const { total } = await commitsSince({ ...options, base: baseCommit, head }, 1);
  return [`Branch ${branch} stays: ${count(total, 'commit')} ahead of ${base}, at ${head.slice(0, 8)}.`];
}

async function aboutWorktree(
  view: SessionView,
  context: ActionContext,
): Promise<{ would: string[]; hindrances: string[] }> {
  const { sessionFile, state } = view;
  const path = state.worktree?.path;
  if (sessionFile === undefined || path === undefined) return { would: [], hindrances: [] };
  const git = await safeGit(view, context);
  const reading = await inspectWorktree({ ...git, mainRepo: sessionFile.mainRepo, worktreePath: path });
  switch (reading.kind) {
    case 'missing':
      return { would: ['Its worktree is gone already.'], hindrances: [] };
    case 'foreign':
      return {
        would: [],
        hindrances: [`At ${path} stands no worktree of this repository: ${reading.problem}`],
      };
    case 'present': {
      const { uncommitted, unreachedCommits } = reading;
      const files = named(uncommitted.map((entry) => entry.path));
      const hindrances = [
        ...(uncommitted.length > 0
          ? [`Not committed in ${path}: ${files}. Commit or remove them there.`]
          : []),
        ...(unreachedCommits > 0 ? [`On no branch: ${count(unreachedCommits, 'commit')} there.`] : []),
      ];
      const would = [`The worktree ${path} is removed, ignored files with it.`];
      return { would: hindrances.length > 0 ? [] : would, hindrances };
    }
    default:
      return reading satisfies never;
  }
}

async function previewDocuments(view: SessionView, keep: readonly string[]): Promise<FinishPreview> {
  const names = ((await ifExists(readdir(view.paths.sessionDir))) ?? []).sort();
  const documents = names.filter((name) => parseDocumentName(name) !== undefined);
  const moved = documents.filter((name) => !keep.includes(name));
  const unknown = keep.filter((name) => !documents.includes(name));
  return {
    view,
    would: [
      `${count(moved.length, 'document')} to go into the session's own _archive: ${named(moved)}.`,
      ...(keep.length > 0 ? [`These stay: ${named(keep)}.`] : []),
      'Branch, worktree and notebook stay; the session can take a new goal.',
    ],
    hindrances: [
      ...notAtRest(view),
      ...(unknown.length > 0 ? [`There is no document ${named(unknown)}.`] : []),
      ...(moved.length === 0 ? ['No document would be put away.'] : []),
    ],
  };
}

function previewUnarchive(view: SessionView): FinishPreview {
  const hindrances = view.state.archived ? [] : ['It is not in the archive.'];
  const would = [
    `The session's folder comes back to ${view.paths.sessionsDir}; its worktree is made again when it goes on.`,
  ];
  return { view, would, hindrances };
}

function notAtRest(view: SessionView): string[] {
  const { state, isForeign, paths } = view;
  if (isForeign) {
    const whatNow =
      state.status.kind === 'done' ? putAwayByHand(paths) : 'resume_session takes it over first.';
    return [`It was made by the original samocode: ${whatNow}`];
  }
  if (state.archived) return ['It is in the archive already: unarchive brings it back.'];
  const { kind } = state.status;
  const rests = kind === 'done' || kind === 'stopped' || kind === 'blocked';
  return rests ? [] : [`${statusSentence(view)} Call stop_session first.`];
}

function named(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  // Children name files as they like.
  const shown = names
    .slice(0, MOST_NAMED)
    .map((name) => oneLine(name).slice(0, 120))
    .join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

const MOST_NAMED = 20;
