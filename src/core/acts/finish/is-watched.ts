import { isSetNow } from '../../project/settings/samocode-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** Whether to watch the pull request of a session: as chosen now or at an earlier finish, otherwise as PR_WATCH says. */
export async function isToBeWatched({ state, sessionFile }: SessionView, chosen?: boolean): Promise<boolean> {
  const { pullRequest } = state;
  const before = pullRequest?.state === 'open' ? pullRequest.watched : undefined;
  return chosen ?? before ?? (await isSetNow(sessionFile?.configPath ?? '', 'PR_WATCH', 'on'));
}
