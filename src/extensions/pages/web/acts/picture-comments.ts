import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import type { PagePictures } from '../../../../core/session/events/bodies/pictures.ts';
import { sendRemarks } from '../../review/review-session.act.ts';
import { sessionQuestion } from '../web-context.ts';
import { WEB_ERRORS } from '../web-errors.ts';

const SIDES = ['before', 'after', 'difference'] as const;
type OnePicture = Pick<PagePictures, 'page' | 'width'> & { side: (typeof SIDES)[number] };

/** The name of the field for a comment on a picture. */
export function pictureField({ page, width, side }: OnePicture): string {
  return `${side}.${width}.${fingerprint(page).slice(0, 12)}`;
}

/**
 * Sends a tab's comments on pictures as one message. @returns a sentence about their effect
 * @param commit of the pictures that the person saw
 */
export async function sendPictureComments(
  session: ShownSession,
  { commit, textOf }: { commit: string; textOf(name: string): string },
  context: ActionContext,
): Promise<string> {
  const { pictures } = session.view.state;
  if (pictures?.commit !== commit) throw WEB_ERRORS.state_changed();
  const remarks = pictures.pages.flatMap(({ page, width, ...taken }) =>
    SIDES.filter((side) => taken[side] !== undefined).flatMap((side) => {
      const text = textOf(pictureField({ page, width, side }));
      return text === '' ? [] : [`On the picture of ${page} at ${width} px (${side}): ${text}`];
    }),
  );
  if (remarks.length === 0) throw WEB_ERRORS.no_comments();
  const text = `Comments on the pictures of commit ${commit.slice(0, 8)}:\n\n${remarks.join('\n\n')}`;
  return (await sendRemarks(sessionQuestion(session), { view: session.view, text }, context)).done;
}
