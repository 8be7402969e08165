import { stripVTControlCharacters } from 'node:util';

/** Control characters except tab and LF, and characters that change the writing direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text of a person or a parent as it is recorded: terminal escape sequences are removed, any other control character
 * becomes U+FFFD, so that the text shows where one was.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(CONTROLS, '\ufffd');
}

/** The text with each control character written as its escape: for messages, where a name must stay recognizable. */
export function visibleControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Escapes text for HTML or XML. */
export function escapedMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** `1 file`, `2 files`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** `a, b and 3 more`. @param all the total, if `names` is only a part */
export function listed(
  names: readonly string[],
  most: number,
  { separator = ', ', all = names.length }: { separator?: string; all?: number } = {},
): string {
  const shown = names.slice(0, most);
  const more = separator === ', ' ? ' and' : `${separator}and`;
  return `${shown.join(separator)}${all > shown.length ? `${more} ${all - shown.length} more` : ''}`;
}
