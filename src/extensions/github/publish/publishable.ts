import type { BaseBranch } from '../../../core/project/finishing/base-branch.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';

/** The branch of a session, which is to be published. */
export interface Publishable {
  view: Pick<SessionView, 'folder' | 'paths' | 'state' | 'sessionFile'>;
  /** Absent without a branch. */
  base: BaseBranch | undefined;
  /** For git in MAIN_REPO. */
  git: GitContext;
}
