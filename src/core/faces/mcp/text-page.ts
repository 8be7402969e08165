import { visibleControls } from '../../kernel/text.ts';

/** Small enough that every client shows the whole result, other fields included; counted in JSON characters. */
export const PAGE_CHARS = 7000;

export interface Page {
  text: string;
  /** The position at which the next page begins; absent on the last one. */
  more_from: number | undefined;
}

/** A page of a long text, with hidden characters as escapes. A negative offset counts from its end. */
export function pageOf(whole: string, offset: number, size = PAGE_CHARS): Page {
  const text = visibleControls(whole);
  const from = wholeCharacterAt(text, offset < 0 ? Math.max(0, text.length + offset) : offset);
  let end = from;
  for (let taken = 0; end < text.length; ) {
    const character = characterAt(text, end);
    taken += charsInJson(character);
    // Always take at least one character, so that paging advances.
    if (taken > size && end > from) break;
    end += character.length;
  }
  return { text: text.slice(from, end), more_from: end < text.length ? end : undefined };
}

/** Returns as many items as fit on a page, at least one. */
export function firstThatFit<T>(all: readonly T[], size = PAGE_CHARS): T[] {
  const fitting: T[] = [];
  let taken = 0;
  for (const each of all) {
    taken += JSON.stringify(each).length + 1;
    if (taken > size && fitting.length > 0) break;
    fitting.push(each);
  }
  return fitting;
}

/** The length of a text inside a JSON string: a line break counts twice, an escape character six times. */
export function charsInJson(text: string): number {
  return JSON.stringify(text).length - 2;
}

function characterAt(text: string, position: number): string {
  return String.fromCodePoint(text.codePointAt(position) ?? 0);
}

/** A page never splits a surrogate pair. */
function wholeCharacterAt(text: string, position: number): number {
  const isInside = position > 0 && (text.codePointAt(position - 1) ?? 0) > 0xffff;
  return isInside ? position - 1 : position;
}
