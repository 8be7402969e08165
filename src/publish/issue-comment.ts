import { isSamocodeError } from '../base/errors.ts';
import { GitHub } from '../forge/github.ts';
import { readEvents } from '../session/events/event-log.ts';
import type { SessionView } from '../session/events/session-view.ts';
import { makeProof } from '../session/proof/make-proof.ts';
import { code, details } from '../session/proof/proof.ts';
import { shortProof } from '../session/proof/short-proof.ts';
import type { ActionContext } from '../acts/common/context.ts';

/** How the work on an issue ended. */
export type IssueEnd = { url: string } | { into: string; commit: string };

/**
 * Comments on a session's issue with the result and a short proof. Safe to repeat: the issue gets only one comment.
 * @returns a sentence for the person; empty if the session has no issue
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
      : `The work on this issue is merged into ${code(end.into)} as ${end.commit}, which may not have been pushed yet.`;
  const shown = proof === undefined ? 'Nothing has been proved about it.' : shortProof(proof);
  const body = `${result}\n\n${details('Proof', shown)}\n\nMade by samocode, session ${folder}.`;
  const marker = `${sessionFile.id} issue`;
  try {
    const forge = new GitHub(context);
    const { url, isNew } = await forge.comment({ repository, number, isOnIssue: true, body, marker });
    return isNew ? ` Issue #${number} has a comment with the result: ${url}` : '';
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return ` Issue #${number} got no comment. ${error.what} ${error.why} To retry, finish the session again in the same way.`;
  }
}
