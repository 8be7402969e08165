import { statsAt } from '../../base/files/look-at.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';

/**
 * A session works where it was started.
 * @param goesOn whether agents will work in it @throws folder_gone
 */
export function requireFolders(
  { folder, sessionFile: file, state: { worktree } }: SessionView,
  { goesOn }: { goesOn: boolean },
): void {
  if (file === undefined) return;
  const needed = goesOn && worktree !== undefined ? [file.mainRepo, file.worktreesDir] : [file.mainRepo];
  const path = needed.find((each) => statsAt(each) === undefined);
  if (path === undefined) return;
  const branch = worktree?.branch;
  throw ACTION_ERRORS.folder_gone({ session: folder, path, branch, isRepository: path === file.mainRepo });
}
