import { readEvents } from '../../../core/session/events/event-log.ts';
import { makeProof } from '../../../core/session/proof/make-proof.ts';
import { code, details } from '../../../core/session/proof/proof.ts';
import { shortProof } from '../../../core/session/proof/short-proof.ts';
import type { Forge } from '../forge/forge.ts';
import type { Publishable } from './publishable.ts';

/** How the work on an issue ended. */
export type IssueEnd = { url: string } | { into: string; commit: string };

/** Comments on a session's issue with the result and a short proof, once. */
export async function commentOnIssue(
  { sessionFile, paths, folder }: Publishable['view'],
  end: IssueEnd,
  forge: Forge,
): Promise<{ url: string } | undefined> {
  if (sessionFile?.issue === undefined) return undefined;
  const { repository, number } = sessionFile.issue;
  const proof = makeProof(await readEvents(paths, 0));
  const result =
    'url' in end
      ? `The work on this issue is in ${end.url}.`
      : `The work on this issue is merged into ${code(end.into)} as ${end.commit}, which may not have been pushed yet.`;
  const shown = proof === undefined ? 'Nothing has been proved about it.' : shortProof(proof);
  const body = `${result}\n\n${details('Proof', shown)}\n\nMade by samocode, session ${folder}.`;
  return await forge.comment({
    repository,
    number,
    isOnIssue: true,
    body,
    marker: `${sessionFile.id} issue`,
  });
}
