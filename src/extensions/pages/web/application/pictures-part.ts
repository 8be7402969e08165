import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { pageKey } from '../../../../core/caller/facts/live-page.ts';
import { WHAT_PEOPLE_WILL_SEE } from '../../../../core/session/documents/picture-words.ts';
import { picturesIn } from '../../../../core/session/events/bodies/pictures.ts';
import type { SessionView } from '../../../../core/session/folder/session-view.ts';
import { readEvents } from '../../../../core/session/log/event-log.ts';
import { keptPicture } from '../../../../core/session/proof/kept-picture.ts';
import { type Html, html, type Part } from '../../html/html.ts';
import { type AfterPicture, pagePictures } from '../../html/page-pictures.ts';
import type { ReportPages } from '../../html/report-data.ts';
import { reportPages } from '../../report/report-pages.ts';
import { identityFields } from '../inbox/items.ts';
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

/** The section of a decision about a finished session; empty without pictures. */
export async function picturesOfDecision(session: ShownSession): Promise<Part> {
  const { view } = session;
  if (view.state.pictures === undefined) return undefined;
  const events = view.isUnreadable ? [] : await readEvents(view.paths, 0);
  const pages = await reportPages(view, events, pictureAddress(pageKey(view.paths)));
  return (
    pages &&
    html`<details class="seen" open><summary>${WHAT_PEOPLE_WILL_SEE}</summary>${commentedPictures(session, pages)}</details>`
  );
}
