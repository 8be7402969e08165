/** First and last of each range that is displayed as nothing, as another line, or turns the direction of writing. */
const RANGES = [
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe01ef],
] as const;

export const HIDDEN_CHARACTERS: readonly string[] = RANGES.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)),
);

/** Each of them between letters that give it no honest use. */
export const HIDING = HIDDEN_CHARACTERS.map((character) => `a${character}b`).join(' ');

/** Any of them, for what has no emoji and no joined script. */
export const ANY_HIDDEN = new RegExp(`[${HIDDEN_CHARACTERS.join('')}]`, 'u');

/** A sentence in characters that no person sees and a model reads. */
export function inTags(sentence: string): string {
  return [...sentence].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('');
}

/** Texts in which such characters are part of what a reader sees. */
export const JOINED_TEXTS: readonly (readonly [of: string, text: string])[] = [
  ['a family', '👨‍👩‍👧'],
  ['a heart and a text heart', '❤️ ❤︎ ☠️'],
  ['skin tones and a profession', '👩🏽‍💻 👍🏿 👨🏻‍❤️‍💋‍👨🏿'],
  ['the flag of England', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['other flags', '🇩🇪 🏳️‍🌈 🏴‍☠️'],
  ['keycaps', '1️⃣ #️⃣'],
  ['a sequence without its selectors, and one of a newer Unicode', '👁‍🗨 🙂‍↔️'],
  ['Persian', 'می‌خواهم کتاب‌ها'],
  ['Hindi', 'क्‍ष क्‌ष'],
  ['Malayalam', 'അവന്‍ പറഞ്ഞു'],
  ['Sinhala', 'ශ්‍රී ලංකා'],
  ['Hebrew', 'שָׁלוֹם, עולם'],
  ['Thai, Chinese and Korean', 'สวัสดี 你好 안녕'],
];
