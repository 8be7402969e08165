import type { ActionContext } from '../../caller/context/context.ts';
import { isOnNow } from '../../project/finding/trust.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/** Why a pull request is not watched although PR_WATCH=on is written. */
export const WATCH_UNTRUSTED =
  'It is not watched: PR_WATCH=on takes effect only after you trust .samocode, in a terminal: samocode trust.';

/**
 * Whether to watch the pull request of a session: as chosen now or at an earlier finish, otherwise as PR_WATCH says.
 * `untrusted`: PR_WATCH=on is written in a file that is not trusted, and has no effect.
 */
export async function watchChoice(
  { state, sessionFile }: SessionView,
  chosen: boolean | undefined,
  { home }: Pick<ActionContext, 'home'>,
): Promise<'on' | 'off' | 'untrusted'> {
  const { pullRequest } = state;
  const before = pullRequest?.state === 'open' ? pullRequest.watched : undefined;
  const given = chosen ?? before;
  if (given !== undefined) return given ? 'on' : 'off';
  return await isOnNow(sessionFile?.configPath ?? '', 'PR_WATCH', home);
}
