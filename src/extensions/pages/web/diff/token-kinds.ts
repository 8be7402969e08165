/** The kinds of tokens that have a colour, each a class of client/diff.css. */
export const TOKEN_KINDS = [
  'keyword',
  'string',
  'comment',
  'number',
  'title',
  'type',
  'attribute',
  'meta',
] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** A coloured part of a line: where it begins and ends, in UTF-16 units. */
export type Token = readonly [start: number, end: number, kind: TokenKind];

export type LineTokens = readonly (readonly Token[])[];

export interface ColouringRequest {
  /** A name of the language for highlight.js, such as the ending of a file's name. */
  language: string;
  texts: readonly string[];
}
