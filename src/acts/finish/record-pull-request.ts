import { isSamocodeError } from '../../base/errors.ts';
import { isSetNow } from '../../project/settings/samocode-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { pullRequestAt } from '../../session/pull-request.ts';
import { sendAndAwait } from '../common/await-command.ts';
import type { ActionContext } from '../common/context.ts';

/** Whether to watch the pull request of a session: as chosen now or at an earlier finish, otherwise as PR_WATCH says. */
export async function isToBeWatched({ state, sessionFile }: SessionView, chosen?: boolean): Promise<boolean> {
  const { pullRequest } = state;
  const before = pullRequest?.state === 'open' ? pullRequest.watched : undefined;
  return chosen ?? before ?? (await isSetNow(sessionFile?.configPath ?? '', 'PR_WATCH', 'on'));
}

/**
 * Records the open pull request of a session's branch, so that its state is shown with the session's.
 * @returns a sentence for the person; empty if it is not watched or samocode does not recognize its address
 */
export async function recordPullRequest(
  view: SessionView,
  { url, watched, pushed }: { url: string; watched: boolean; pushed: string | undefined },
  context: ActionContext,
): Promise<string> {
  const place = pullRequestAt(url);
  if (place === undefined) return '';
  const known = view.state.pullRequest;
  const isSame = known?.url === url && known.state === 'open';
  const { since: _since, ...before } = (isSame && known) || { since: '' };
  const seen = { ...before, ...place, state: 'open', watched, pushed } as const;
  const isKnown = isSame && known.watched === watched && known.pushed === pushed;
  try {
    if (!isKnown) await sendAndAwait(view, { kind: 'pull_request', seen }, ['pull_request_seen'], context);
  } catch (error) {
    // The pull request is open even if recording it fails.
    if (!isSamocodeError(error)) throw error;
    return ` It could not be recorded in the session: ${error.why}`;
  }
  return watched ? ' It will be watched until it is merged or closed.' : '';
}
