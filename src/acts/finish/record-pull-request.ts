import { readFile } from 'node:fs/promises';
import { isSamocodeError } from '../../base/errors.ts';
import { parseSamocodeFile } from '../../project/settings/samocode-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { pullRequestAt } from '../../session/pull-request.ts';
import { sendAndAwait } from '../common/after-command.ts';
import type { ActionContext } from '../common/context.ts';

/** `PR_WATCH=on` in the project's `.samocode` as it is now. */
export async function isWatchedByDefault({ sessionFile }: SessionView): Promise<boolean> {
  const text = await readFile(sessionFile?.configPath ?? '', 'utf8').catch(() => '');
  const written = parseSamocodeFile(text).entries.find(({ key }) => key === 'PR_WATCH')?.value;
  return written?.toLowerCase() === 'on';
}

/**
 * Records the open pull request of a session's branch, so that its state is shown beside that of the session.
 * @returns a sentence about who looks at it; empty if its address is not one that samocode knows
 */
export async function recordPullRequest(
  view: SessionView,
  { url, watched }: { url: string; watched: boolean },
  context: ActionContext,
): Promise<string> {
  const place = pullRequestAt(url);
  if (place === undefined) return '';
  const seen = { ...place, state: 'open', watched } as const;
  try {
    await sendAndAwait(view, { kind: 'pull_request', seen }, ['pull_request_seen'], context);
  } catch (error) {
    // It is open all the same.
    if (!isSamocodeError(error)) throw error;
    return ` It could not be recorded in the session: ${error.why}`;
  }
  return watched ? ' It will be looked at until it is merged or closed.' : '';
}
