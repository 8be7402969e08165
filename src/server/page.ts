/** What every client shows whole, with room for the fields beside it. */
export const PAGE_CHARS = 7000;

export interface Page {
  text: string;
  /** Where the next page begins; absent on the last one. */
  more_from: number | undefined;
}

/** A page of a long text. A negative offset counts from its end. */
export function pageOf(text: string, offset: number, size = PAGE_CHARS): Page {
  const from = offset < 0 ? Math.max(0, text.length + offset) : offset;
  const end = wholeCharacterAt(text, from + size);
  return { text: text.slice(from, end), more_from: end < text.length ? end : undefined };
}

/** Half a character at the end of a page would be lost to every reader. */
function wholeCharacterAt(text: string, position: number): number {
  const code = position < text.length ? text.charCodeAt(position - 1) : 0;
  return code >= 0xd800 && code <= 0xdbff ? position - 1 : position;
}
