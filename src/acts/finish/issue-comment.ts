import { isSamocodeError } from '../../base/errors.ts';
import { GitHub } from '../../forge/github.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { code, details } from '../../session/proof/proof.ts';
import { shortProof } from '../../session/proof/short-proof.ts';
import type { ActionContext } from '../common/context.ts';

/** How the work on an issue ended. */
export type IssueEnd = { url: string } | { into: string; commit: string };

/**
 * Comments once on the issue of a session, with the result and its short proof; repeated, it finds its own comment.
 * @returns a sentence for the person, empty without an issue
 */
export async function commentOnIssue(
  { sessionFile, paths, folder }: SessionView,
  end: IssueEnd,
  context: ActionContext,
): Promise<string> {
  if (sessionFile?.issue === undefined) return '';
  const { repository, number } = sessionFile.issue;
  const proof = makeProof(await readEvents(paths, 0));
  const result =
    'url' in end
      ? `The work on this issue is in ${end.url}.`
      : `The work on this issue is merged into ${code(end.into)} as ${end.commit}, in a repository that may not be pushed yet.`;
  const shown = proof === undefined ? 'Nothing has been proved about it.' : shortProof(proof);
  const body = `${result}\n\n${details('What shows it', shown)}\n\nMade by samocode, session ${folder}.`;
  const marker = `${sessionFile.id} issue`;
  try {
    const forge = new GitHub(context);
    const { url, isNew } = await forge.comment({ repository, number, isOnIssue: true, body, marker });
    return isNew ? ` Issue #${number} has a comment with the result: ${url}` : '';
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return ` Issue #${number} got no comment. ${error.what} ${error.why} Finish again in the same way to repeat it.`;
  }
}
