import { statsAt } from '../../kernel/files/path-stats.ts';
import { cleanText } from '../../kernel/text.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';

/** A person's text is passed to an agent in full; longer text belongs in a file. */
const MAX_TEXT_CHARS = 100_000;

/** A person's text, trimmed and without control characters. */
export function requireText(text: string, name: string): string {
  const trimmed = cleanText(text).trim();
  if (trimmed === '') throw ACTION_ERRORS.text_missing({ name });
  if (trimmed.length > MAX_TEXT_CHARS) {
    throw ACTION_ERRORS.text_too_long({ name, chars: trimmed.length, most: MAX_TEXT_CHARS });
  }
  return trimmed;
}

/**
 * Checks that the folders that a session was started with still exist.
 * @param continues whether agents will work in them
 */
export function requireFolders(
  { folder, sessionFile: file, mirror, state: { worktree } }: SessionView,
  { continues }: { continues: boolean },
): void {
  // A mirrored session has its worktree on another machine of the pool.
  if (file === undefined || mirror !== undefined) return;
  const needed = continues && worktree !== undefined ? [file.mainRepo, file.worktreesDir] : [file.mainRepo];
  const path = needed.find((each) => statsAt(each) === undefined);
  if (path === undefined) return;
  const branch = worktree?.branch;
  throw ACTION_ERRORS.folder_gone({ session: folder, path, branch, isRepository: path === file.mainRepo });
}
