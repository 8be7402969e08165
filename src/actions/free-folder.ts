import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { stampsAt } from '../base/stamps.ts';
import type { Project } from '../project/open-project.ts';
import { nameWithoutDate, normaliseName, sessionSlug } from '../session/names.ts';
import { sessionFolders } from '../session/session-list.ts';
import type { ActionContext } from './context.ts';

/**
 * The folder name of a new session: with the name that was given, or with one that its words make.
 * @throws BadSessionNameError, SessionExistsError, WorktreeStandsError
 */
export async function freeFolder(
  { sessions, worktrees }: Project['values'],
  { name = '', words }: { name?: string | undefined; words: string },
  { clock }: ActionContext,
): Promise<string> {
  const given = name.trim() ? normaliseName(name) : undefined;
  const made = sessionSlug(words);
  const folders = await sessionFolders(sessions);
  const date = stampsAt(clock.now()).folderDate;
  const sameName = (wanted: string) =>
    folders.findLast((folder) => folder === wanted || nameWithoutDate(folder) === wanted);
  if (given !== undefined) {
    const existing = sameName(given);
    if (existing !== undefined) throw new SessionExistsError(existing);
    const worktree = join(worktrees, `${date}-${given}`);
    if (await isOccupied(worktree)) throw new WorktreeStandsError(worktree);
    return `${date}-${given}`;
  }
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? made : `${made}-${number}`;
    if (sameName(free) === undefined && !(await isOccupied(join(worktrees, `${date}-${free}`))))
      return `${date}-${free}`;
  }
}

/** A worktree that a session of another SESSIONS folder may work in: a second one would take its files and checkpoints. */
async function isOccupied(folder: string): Promise<boolean> {
  const names = await ifExists(readdir(folder));
  return names !== undefined && names.length > 0;
}

class SessionExistsError extends SamocodeError {
  readonly code = 'session_exists';

  constructor(folder: string) {
    super(
      'No session was started.',
      `There is one of that name already: ${folder}.`,
      `Go on with it by resume_session (session: "${folder}"), or choose another name.`,
    );
  }
}

class WorktreeStandsError extends SamocodeError {
  readonly code = 'worktree_stands';

  constructor(folder: string) {
    super(
      'No session was started.',
      `${folder}, where its worktree would be, is no empty folder: it may belong to a session that is kept elsewhere.`,
      'Choose another name, or, if nobody needs what is in it, take it away with "git worktree remove".',
    );
  }
}
