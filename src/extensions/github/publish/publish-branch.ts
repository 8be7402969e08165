import { code } from '../../../core/session/documents/markdown-lines.ts';
import { readEvents } from '../../../core/session/log/event-log.ts';
import { makeProof } from '../../../core/session/proof/make-proof.ts';
import { details, renderProof } from '../../../core/session/proof/proof-markdown.ts';
import type { GitHub } from '../forge/github.ts';
import { attachPictures } from './attach-pictures.ts';
import { causeIfPossible, type Effects, type Publishable, type PublishResult } from './publication.ts';
import { openOrUpdate, pushPlanned } from './publish.ts';

/** Pushes the branch, opens or updates its pull request, and comments on the issue that it closes. */
export async function publishBranch(
  publication: Publishable,
  { withAnswers = false, watched = false }: { withAnswers?: boolean; watched?: boolean },
  effects: Effects,
): Promise<PublishResult> {
  const { base, view } = publication;
  const tip = base?.tip;
  if (tip === undefined)
    return { outcome: 'failed', summary: `The branch ${view.state.worktree?.branch} no longer exists.` };
  const push = { tip, withAnswers, withRemote: effects.isByPerson };
  const pushed = await pushPlanned(publication, push, effects);
  if ('left' in pushed) return pushed.left;
  const { plan } = pushed;
  const { bodyPath, commands, request } = plan;
  const { branch, from, remote } = request;
  const opened = await causeIfPossible(effects, [
    'pull_request',
    async (forge) => {
      const { url, summary } = await openOrUpdate(forge, plan);
      return { url, why: summary };
    },
    ({ url }) => (url === undefined ? undefined : { url, watched, pushed: effects.ended('push')?.commit }),
  ]);
  const { url, why } = opened ?? {};
  if (url === undefined) {
    const summary = `${branch} is pushed to ${remote}, but its pull request was neither opened nor updated. ${why} If there is none yet, the last command opens it.`;
    return { outcome: 'failed', summary, bodyPath, commands: commands.slice(-1) };
  }
  const isWatched = watched ? ' It will be watched until it is merged or closed.' : '';
  const attached = await attachPictures(publication, url, effects);
  const summary = `${why}${attached}${await aboutIssue(publication, { url }, effects)}${isWatched}`;
  return { outcome: 'published', summary, url, from, bodyPath };
}

/** Comments on the issue of a merged session. */
export async function publishResult(publication: Publishable, effects: Effects): Promise<PublishResult> {
  const { into = '', commit = '' } = publication.view.state.lastMerge ?? {};
  const summary = (await aboutIssue(publication, { into, commit }, effects)).trim();
  return { outcome: 'published', summary };
}

/** Comments on the issue of the session. @returns a sentence for the person; empty without an issue */
async function aboutIssue({ view }: Publishable, end: IssueEnd, effects: Effects): Promise<string> {
  const { issue } = view.sessionFile ?? {};
  if (issue === undefined) return '';
  const comment = await causeIfPossible(
    effects,
    ['issue', (forge) => commentOnIssue(view, end, forge)],
    'To retry, finish the session again in the same way.',
  );
  if (comment?.outcome === 'refused') return ` Issue #${issue.number} got no comment. ${comment.why}`;
  return ` Issue #${issue.number} has a comment with the result: ${comment?.url}`;
}

/** How the work on an issue ended. */
type IssueEnd = { url: string } | { into: string; commit: string };

/** Comments on a session's issue with the result and a short proof, once. */
async function commentOnIssue(
  { sessionFile, paths, folder }: Publishable['view'],
  end: IssueEnd,
  forge: GitHub,
): Promise<{ url: string } | undefined> {
  if (sessionFile?.issue === undefined) return undefined;
  const { repository, number } = sessionFile.issue;
  const proof = makeProof(await readEvents(paths, 0));
  const result =
    'url' in end
      ? `The work on this issue is in ${end.url}.`
      : `The work on this issue is merged into ${code(end.into)} as ${end.commit}, which may not have been pushed yet.`;
  const shown = proof === undefined ? 'Nothing has been proved about it.' : renderProof(proof, 'short');
  const body = `${result}\n\n${details('Proof', shown)}\n\nMade by samocode, session ${folder}.`;
  return await forge.comment({
    repository,
    number,
    isOnIssue: true,
    body,
    marker: `${sessionFile.id} issue`,
  });
}
