import type { PicturesTaken } from '../../../core/kernel/phases/pictures.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { keptPicture } from '../../../core/session/proof/kept-picture.ts';
import type { ReportPages } from '../html/report-data.ts';

const ONE_PICTURE_BYTES = 500_000;
const ALL_PICTURES_BYTES = 2_000_000;
const SIDES = ['before', 'after', 'difference'] as const;

/** The pictures of the application's pages, up to a size limit; those of pages that differ come first. */
export async function reportPages({ state, paths }: SessionView): Promise<ReportPages | undefined> {
  const { pictures } = state;
  if (pictures === undefined) return undefined;
  const pages: ReportPages['pages'] = [];
  let left = ALL_PICTURES_BYTES;
  for (const { page, width, said, differing, ...taken } of differingFirst(pictures)) {
    const sides: ReportPages['pages'][number]['sides'] = [];
    for (const side of SIDES) {
      const picture = taken[side];
      if (picture === undefined) continue;
      const bytes = await keptPicture(paths, picture, Math.min(left, ONE_PICTURE_BYTES));
      left -= bytes?.length ?? 0;
      sides.push({ side, data: bytes?.toString('base64') });
    }
    pages.push({ page, width, said, differing, sides });
  }
  return { commit: pictures.commit, said: pictures.said, pages };
}

function differingFirst({ pages }: PicturesTaken): PicturesTaken['pages'] {
  return pages.toSorted((a, b) => Number((b.differing ?? 0) > 0) - Number((a.differing ?? 0) > 0));
}
