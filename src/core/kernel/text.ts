import { stripVTControlCharacters } from 'node:util';

/** Control characters except tab and LF, and characters that change the writing direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from a person or a parent as it is recorded: terminal escape sequences are removed, and any other control
 * character becomes U+FFFD, so that the text shows where it was.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(CONTROLS, '\ufffd');
}

/**
 * The last group matches characters that a reader does not see: controls except tab and line ends, characters that
 * Unicode hides, and those that break lines or change the writing direction. The alternatives before it keep such
 * characters where they belong: inside emoji, and in scripts whose letters join (Arabic to Myanmar, Khmer and
 * Mongolian).
 */
const HIDDEN = new RegExp(
  [
    // Not \p{RGI_Emoji}, which is ten times as slow.
    String.raw`\p{RGI_Emoji_Tag_Sequence}`,
    String.raw`(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]|(?<=[\d#*])\ufe0f(?=\u20e3)`,
    String.raw`(?<=\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier})\u200d`,
    String.raw`(?<=[[\u0600-\u109f\u1780-\u18af]--\p{Default_Ignorable_Code_Point}])[\u200c\u200d]`,
    String.raw`(\r(?!\n)|[[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]--[\t\n\r]])`,
  ].join('|'),
  'gv',
);

function replaceHidden(text: string, escaped: (character: string) => string): string {
  return text.replace(HIDDEN, (found, hidden?: string) => (hidden === undefined ? found : escaped(hidden)));
}

/** The text with each hidden character written as its escape: `\u200b`, `\u{e0041}`. */
export function visibleControls(text: string): string {
  return replaceHidden(text, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
  });
}

/**
 * Text to which a person agrees, with nothing in it that they could overlook: hidden characters, tabs, line breaks and
 * unusual spaces are written as escapes, and a run of blanks as its length.
 */
export function agreedText(text: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return visibleControls(text)
    .replace(/[\t\n\r]|(?! )\p{Zs}/gu, escaped)
    .replace(/ {3,}/g, (run) => ` [${run.length} blanks] `);
}

/** Like `visibleControls`, for JSON text, whose parsed value stays the same. */
export function visibleInJson(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return replaceHidden(json, (character) => character.split('').map(escaped).join(''));
}

/** Text from others for people: no terminal escape sequences, and hidden characters written as escapes. */
export function shownText(text: string): string {
  return visibleControls(stripVTControlCharacters(text.replace(/\r\n?/g, '\n')));
}

export function escapedMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The text in at most `max` UTF-16 units, with a mark where it was cut. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${beginning(text, max - 1)}…` : text;
}

/**
 * The first UTF-16 units of a text, at most `max`. Splits no surrogate pair: some model APIs refuse a whole request for
 * half of one, and in a file it becomes another character.
 */
export function beginning(text: string, max: number): string {
  return text.length > max ? text.slice(0, max).replace(/[\ud800-\udbff]$/, '') : text;
}

/** The last UTF-16 units of a text, at most `max`, without half of a surrogate pair. */
export function ending(text: string, max: number): string {
  return text.slice(-max).replace(/^[\udc00-\udfff]/, '');
}

/** A name of a field as our code writes it: `session_dir` as `sessionDir`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A name of a field as programs get it: `sessionDir` as `session_dir`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** `1 file`, `2 files`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** `a, b and c`. */
export function inWords(names: readonly string[], last: 'and' | 'or'): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(` ${last} `);
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
