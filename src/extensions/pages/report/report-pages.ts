import { pictureSentences } from '../../../core/session/documents/picture-words.ts';
import type { PicturesTaken } from '../../../core/session/events/bodies/pictures.ts';
import type { SessionEvent } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { keptPicture } from '../../../core/session/proof/kept-picture.ts';
import type { ReportPageSide, ReportPages } from '../html/report-data.ts';

const ONE_PICTURE_BYTES = 500_000;
const ALL_PICTURES_BYTES = 2_000_000;
const SIDES = ['before', 'after', 'difference'] as const;

/**
 * The pictures of the application's pages; those of pages that differ come first.
 * @param addressOf returns where a page loads a picture by its hash; without it, pictures are included up to a size limit
 */
export async function reportPages(
  { state, paths }: Pick<SessionView, 'state' | 'paths'>,
  events: readonly SessionEvent[],
  addressOf?: (hash: string) => string,
): Promise<ReportPages | undefined> {
  const { pictures } = state;
  if (pictures === undefined) return undefined;
  const pages: ReportPages['pages'] = [];
  let left = ALL_PICTURES_BYTES;
  for (const { page, width, differing, ...taken } of differingFirst(pictures)) {
    const sides: ReportPageSide[] = [];
    for (const side of SIDES) {
      const picture = taken[side];
      if (picture === undefined) continue;
      const size = { width: picture.width, height: picture.height };
      if (addressOf !== undefined) {
        sides.push({ side, ...size, load: addressOf(picture.hash) });
        continue;
      }
      const bytes = await keptPicture(paths, picture, Math.min(left, ONE_PICTURE_BYTES));
      left -= bytes?.length ?? 0;
      sides.push({ side, ...size, data: bytes?.toString('base64') });
    }
    pages.push({ page, width, differing, sides });
  }
  return { commit: pictures.commit, sentences: sentencesAbout(pictures, events), pages };
}

function sentencesAbout(pictures: PicturesTaken, events: readonly SessionEvent[]): string[] {
  const ended = events.findLast((event) => event.type === 'iteration_ended' && event.head !== undefined);
  const head = ended?.type === 'iteration_ended' ? ended.head : undefined;
  const hasMoved = head !== undefined && head !== pictures.commit;
  return [
    ...pictureSentences(pictures, (text) => text),
    ...(hasMoved
      ? [`The branch has changed since: it is at ${head.slice(0, 8)}, and the pictures do not show that.`]
      : []),
  ];
}

function differingFirst({ pages }: PicturesTaken): PicturesTaken['pages'] {
  return pages.toSorted((a, b) => Number((b.differing ?? 0) > 0) - Number((a.differing ?? 0) > 0));
}
