import { counted, listed } from '../../kernel/text.ts';
import type { PicturesTaken } from '../events/bodies/pictures.ts';
import { code } from './markdown-lines.ts';

const MAX_NAMED = 5;

/** The heading above the pictures and these sentences. */
export const WHAT_PEOPLE_WILL_SEE = 'What people will see';

/** Sentences about the pictures of a proof: how many differ, which are missing, and what a reviewer should know. */
export function pictureSentences(
  { pages, uiFiles, said }: PicturesTaken,
  shown: (text: string) => string = code,
): string[] {
  const although = uiFiles.length === 0 ? '' : `, although ${listed(uiFiles.map(shown), MAX_NAMED)} changed`;
  const compared = pages.filter(({ differing }) => differing !== undefined);
  const changed = compared.filter(({ differing }) => differing !== 0);
  const notes = pages.flatMap(({ page, width, said: note }) =>
    note === undefined ? [] : [`${shown(page)} at ${width} px: ${shown(note)}.`],
  );
  if (pages.every(({ before, after }) => before === undefined && after === undefined))
    return [`No picture was taken${although}${said === undefined ? '' : `: ${shown(said)}`}.`, ...notes];
  const names = changed.map(({ page, width }) => `${shown(page)} at ${width} px`);
  const sum =
    changed.length > 0
      ? `${changed.length} of ${counted(compared.length, 'picture')} ${compared.length === 1 ? 'differs' : 'differ'}: ${names.join(', ')}.`
      : `No picture differs${although}. Compared, as they open without a click or a login: ${lookedAt(compared, shown)}.`;
  return [
    ...(compared.length > 0 ? [sum] : [`No pictures were compared${although}.`]),
    ...(said === undefined ? [] : [`Note: ${shown(said)}.`]),
    ...notes,
  ];
}

/** The pages with the sizes of their pictures: what is in none of them was not compared. */
function lookedAt(compared: PicturesTaken['pages'], shown: (text: string) => string): string {
  const pictures = compared.map(({ page, width, before, after }) => {
    const height = Math.max(before?.height ?? 0, after?.height ?? 0);
    return `${shown(page)} at ${width} px, ${height} px high`;
  });
  return listed(pictures, MAX_NAMED, { separator: '; ' });
}
