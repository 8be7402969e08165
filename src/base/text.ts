import { stripVTControlCharacters } from 'node:util';

/** All but tab and LF that has no place in a text, and what turns its direction of writing for who reads it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * What a person or a parent writes, as it is recorded: without the sequences by which a terminal shows colours and
 * titles, since they are no words; any other control character becomes U+FFFD, so that the text shows that one stood there.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(CONTROLS, '\ufffd');
}

/** The text with each control character written as its escape: for messages, where a name must stay recognizable. */
export function visibleControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Text that cannot become markup in HTML or XML. */
export function escapedMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function capitalised(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** `1 file`, `2 files`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** `a, b and 3 more`. @param all how many there are, where `names` are not all */
export function listed(
  names: readonly string[],
  most: number,
  { separator = ', ', all = names.length }: { separator?: string; all?: number } = {},
): string {
  const shown = names.slice(0, most);
  const more = separator === ', ' ? ' and' : `${separator}and`;
  return `${shown.join(separator)}${all > shown.length ? `${more} ${all - shown.length} more` : ''}`;
}
