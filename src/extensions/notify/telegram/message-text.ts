import { escapedMarkup, shownText } from '../../../core/kernel/text.ts';

/** One line of a message. Markup ends with its line, so that a message can be split at any line. */
export interface MessageLine {
  text: string;
  isBold?: true;
}

/** Limits for a message and for a caption, in UTF-16 units as Telegram counts them, without markup. */
export const MAX_MESSAGE = 4096;
export const MAX_CAPTION = 1024;

/** Turns text written by others into lines in which Telegram detects no link, command or mention. */
export function safeLines(text: string): MessageLine[] {
  // Truncation may have left half of a surrogate pair, which Telegram rejects as invalid UTF-8.
  const whole = Buffer.from(shownText(text)).toString();
  return plainLines(whole.replace(LINK_STARTS, `$&${WORD_JOINER}`));
}

/** Turns our own text into lines; Telegram turns the commands in it into links. */
export function plainLines(text: string): MessageLine[] {
  return text.split('\n').map((line) => ({ text: line }));
}

/** A zero-width character that stops Telegram from detecting a link, whatever the `parse_mode`. */
export const WORD_JOINER = '\u2060';

/**
 * Where Telegram's links begin: a command, a mention or tag, an address with or without its scheme. A path such as
 * `/home/me/plan.md` is not a link and stays unchanged, so that it can be copied.
 */
const LINK_STARTS = new RegExp(
  [
    String.raw`(?<![\p{L}\p{N}_/<>])/(?=\w+(?![\w/]))`,
    String.raw`[@#](?=[^\s\ufe0f])|\$(?=[A-Z]|1INCH)|:(?=//)`,
    String.raw`(?<![\p{L}\p{N}_/<>]/[\w.~\-]*)\.(?=\p{L}|(?<=\d\.\d+\.\d+\.)\d)`,
  ].join('|'),
  'gu',
);

/** Where links can begin once a split has made any position the start of a word. */
const POSSIBLE_STARTS = /[/@#$.:](?!\s|\ufe0f|$)/g;

export function bold(text: string): MessageLine {
  return {
    text: safeLines(text)
      .map((line) => line.text)
      .join(' '),
    isBold: true,
  };
}

/** Splits lines into messages of at most `max` characters; only a line longer than that is itself split. */
export function splitAtLineEnds(lines: readonly MessageLine[], max = MAX_MESSAGE): MessageLine[][] {
  const messages: MessageLine[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const line of lines.flatMap((each) => shortLines(each, max))) {
    const added = length + 1 + line.text.length;
    if (added <= max) {
      messages.at(-1)?.push(line);
      length = added;
    } else {
      messages.push([line]);
      length = line.text.length;
    }
  }
  // Telegram rejects an empty message.
  return messages.filter((message) => toPlain(message).trim() !== '');
}

function shortLines(line: MessageLine, max: number): MessageLine[] {
  const pieces: MessageLine[] = [];
  let rest = line.text.length > max ? line.text.replace(POSSIBLE_STARTS, `$&${WORD_JOINER}`) : line.text;
  while (rest.length > max) {
    const isInsidePair = /[\ud800-\udbff]/.test(rest.charAt(max - 1));
    const at = isInsidePair ? max - 1 : max;
    pieces.push({ ...line, text: rest.slice(0, at) });
    rest = rest.slice(at);
  }
  return [...pieces, { ...line, text: rest }];
}

/** Renders lines for `parse_mode: HTML`; nothing in their text can become markup. */
export function toHtml(lines: readonly MessageLine[]): string {
  return lines
    .map(({ text, isBold }) =>
      isBold && text.trim() !== '' ? `<b>${escapedMarkup(text)}</b>` : escapedMarkup(text),
    )
    .join('\n');
}

export function toPlain(lines: readonly MessageLine[]): string {
  return lines.map(({ text }) => text).join('\n');
}

export function shortened(text: string, max: number): string {
  const line = safeLines(text)
    .map((each) => each.text.trim())
    .join(' ')
    .replaceAll(WORD_JOINER, '');
  return line.length <= max
    ? line
    : `${Buffer.from(line.slice(0, max - 1))
        .toString()
        .replace(/\ufffd$/, '')}…`;
}
