import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { picturesIn } from '../../../../core/session/events/bodies/pictures.ts';
import type { SessionView } from '../../../../core/session/folder/session-view.ts';
import { keptPicture } from '../../../../core/session/proof/kept-picture.ts';
import { type Html, html } from '../../html/html.ts';
import { type AfterPicture, pagePictures } from '../../html/pictures.ts';
import type { ReportPages } from '../../html/report-data.ts';
import { identityFields } from '../web-context.ts';
import { pictureField } from './picture-comments.ts';

const MAX_PICTURE_BYTES = 20_000_000;

/** The bytes of a picture of the application's pages, if the session names its hash. */
export async function pictureByHash(
  { state, paths }: Pick<SessionView, 'state' | 'paths'>,
  hash: string,
): Promise<Buffer | undefined> {
  const picture = state.pictures && picturesIn(state.pictures).find((each) => each.hash === hash);
  return picture && (await keptPicture(paths, picture, MAX_PICTURE_BYTES));
}

/** Returns the address from which a tab loads a picture. */
export function pictureAddress(key: string): (hash: string) => string {
  return (hash) => `/s/${key}/picture/${hash}`;
}

/** The pictures in a form that takes comments on each of them. */
export function commentedPictures(session: ShownSession, pages: ReportPages): Html {
  const field: AfterPicture = (page, width, side) => {
    const name = pictureField({ page, width, side });
    return html` <details class="comment" id="on-${name}"><summary aria-label="Comment on ${page} at ${width} px, ${side}">comment</summary><textarea name="${name}" rows="2" aria-label="Comment on this picture" dir="auto"></textarea></details>`;
  };
  const shown = pagePictures(pages, field);
  if (pages.pages.length === 0) return html`${shown}`;
  return html`<form data-act="pictures">${identityFields(session)}<input type="hidden" name="hash" value="${pages.commit}">${shown}
<p class="buttons"><button>Send the comments</button></p><output></output></form>`;
}
