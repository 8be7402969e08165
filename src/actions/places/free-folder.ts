import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { nameWithoutDate, normaliseName, sessionSlug } from '../../session/layout/names.ts';
import { sessionFolders } from '../../session/session-list.ts';
import type { ActionContext } from '../acting/context.ts';
import { START_ERRORS } from '../acting/start-errors.ts';

/**
 * The folder name of a new session: with the name that was given, or with one that its words make.
 * @throws bad_session_name, session_exists, worktree_stands
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
    if (existing !== undefined) throw START_ERRORS.session_exists({ session: existing });
    const worktree = join(worktrees, `${date}-${given}`);
    if (await isOccupied(worktree)) throw START_ERRORS.worktree_stands({ folder: worktree });
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
