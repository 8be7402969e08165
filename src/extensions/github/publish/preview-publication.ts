import { aboutSignatures } from '../../../core/acts/finish/finish-rows.ts';
import {
  type FinishSessionInput,
  type FinishVerdict,
  WATCH_UNTRUSTED,
} from '../../../core/acts/finish/publishing.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { type Preview, previewOf } from '../../../core/caller/facts/preview.ts';
import { watchRefusal } from '../../../core/caller/refusals/sandbox-now.ts';
import { counted } from '../../../core/kernel/text.ts';
import { attachesPictures } from './attach-pictures.ts';
import { type ComposedPullRequest, composePullRequest } from './compose-pull-request.ts';
import { whyByHand } from './target.ts';

/** Describes the effects of publishing, with the text of the pull request. Changes nothing. */
export async function previewPublication(
  input: FinishSessionInput,
  judged: FinishVerdict,
  context: ActionContext,
): Promise<Preview> {
  const { view, watching = 'off' } = judged;
  const composed = await composePullRequest(judged, input.withAnswers === true, context);
  const why = await whyByHand(composed.request, judged, context);
  const about = aboutPullRequest(judged, composed, why);
  const isWatched = watching === 'on';
  const mayWatch = why === undefined && (isWatched || (await watchRefusal(view, context)) === undefined);
  const { request, readable: text, whole } = composed;
  const { repository, into, title, isDraft } = request;
  // Whether the remote answers is no part of what a person agrees to.
  const binds = ['pull_request', judged.base?.tip, repository, into, title, isDraft, watching, whole];
  const would = [...about, ...ABOUT_WATCH[watching]];
  return previewOf({ view, would, text, watch: mayWatch ? isWatched : undefined }, binds);
}

const WATCHED =
  'The supervisor will watch it with your gh login until it is merged or closed, and notify you. Comments from people with write access, failed required checks and conflicts with its base start rounds of work, whose results are pushed to it.';

const ABOUT_WATCH = { on: [WATCHED], off: [], untrusted: [WATCH_UNTRUSTED] } as const;

/** The effects of publishing, one sentence each. @param why why the person has to publish it */
export function aboutPullRequest(
  { view, base }: FinishVerdict,
  { request, notes }: ComposedPullRequest,
  why: string | undefined,
): string[] {
  const commits = counted(base?.sinceBase ?? 0, 'commit');
  const { branch, from, repository, title, isDraft } = request;
  return [
    why === undefined
      ? `Branch ${branch} will be pushed to ${from} (${commits}), and the pull request "${title}" will be opened in ${repository}. If the branch already has an open one, it will be updated, unless its text was edited.`
      : `${why} You will get the commands that publish branch ${branch} (${commits}).`,
    ...(isDraft ? [`It will be a draft: the session is ${view.state.status.kind}, not done.`] : []),
    `The text will be in ${view.paths.sessionDir}/pull-request.md.`,
    ...aboutSignatures(view, base),
    ...notes,
    ...(why === undefined && attachesPictures(view)
      ? [
          'The pictures of pages that differ will be attached, where all who can read the pull request see them.',
        ]
      : []),
  ];
}
