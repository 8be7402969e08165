/** Takes a terminal for a screen of our own: its second page, no cursor, no line that runs on, pasting that is marked. */
export const TAKE_SCREEN = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[2J';
/** Gives it back as it was, in the reverse order. */
export const GIVE_BACK_SCREEN = '\u001b[0m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l';

/** What a terminal shows between these two at once, where it knows them. */
const AS_ONE = { begin: '\u001b[?2026h', end: '\u001b[?2026l' };

/**
 * What turns one frame into the next, which has as many lines: those that differ, in one write. Without a frame
 * before, all of them.
 * @returns an empty text where nothing differs
 */
export function frameUpdate(before: readonly string[] | undefined, next: readonly string[]): string {
  const changed = next.flatMap((line, index) =>
    before?.[index] === line ? [] : [`\u001b[${index + 1};1H\u001b[2K${line}`],
  );
  if (before !== undefined && changed.length === 0) return '';
  return `${AS_ONE.begin}${before === undefined ? '\u001b[2J' : ''}${changed.join('')}${AS_ONE.end}`;
}
