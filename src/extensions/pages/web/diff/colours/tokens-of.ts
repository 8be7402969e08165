import type { Emitter } from 'highlight.js';
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const LANGUAGES = {
  ...{ bash, c, cpp, csharp, css, go, ini, java, javascript, json, kotlin, markdown, php, python },
  ...{ ruby, rust, sql, swift, typescript, xml, yaml },
};
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** The kinds of tokens that have a colour, each a class of client/diff.css, with their scopes of highlight.js. */
export const TOKEN_KINDS = {
  keyword: ['keyword', 'selector-tag', 'variable.language'],
  string: ['string', 'regexp', 'symbol', 'link', 'code'],
  comment: ['comment', 'quote', 'doctag'],
  number: ['number', 'literal'],
  title: ['title', 'section', 'name', 'selector-id', 'selector-class'],
  type: ['type', 'built_in', 'title.class'],
  attribute: [
    'attr',
    'attribute',
    'variable',
    'template-variable',
    'selector-attr',
    'selector-pseudo',
    'bullet',
  ],
  meta: ['meta'],
} as const;
export type TokenKind = keyof typeof TOKEN_KINDS;

/** A coloured part of a line: where it begins and ends, in UTF-16 units. */
export type Token = readonly [start: number, end: number, kind: TokenKind];
export type LineTokens = readonly (readonly Token[])[];

/** Null: the colour of plain text. */
type Kind = TokenKind | null;

const KIND_OF_SCOPE: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...Object.entries(TOKEN_KINDS).flatMap(([kind, scopes]) =>
    scopes.map((scope) => [scope, kind as TokenKind] as const),
  ),
  ['subst', null],
]);

/** Receives the pieces of a text in order; highlight.js offers markup otherwise. */
class Pieces implements Emitter {
  readonly pieces: [text: string, kind: Kind][] = [];
  readonly #open: Kind[] = [];

  addText(text: string): void {
    if (text !== '') this.pieces.push([text, this.#open.at(-1) ?? null]);
  }

  startScope(name: string): void {
    const kind = kindOf(name);
    this.#open.push(kind === undefined ? (this.#open.at(-1) ?? null) : kind);
  }

  endScope(): void {
    this.#open.pop();
  }

  openNode(name: string): void {
    this.startScope(name);
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage(of: Emitter): void {
    if (of instanceof Pieces) for (const piece of of.pieces) this.pieces.push(piece);
  }

  finalize(): void {}

  toHTML(): string {
    return '';
  }
}
hljs.configure({ __emitter: Pieces });

/** By the scope, or by its part before a point. */
function kindOf(scope: string): Kind | undefined {
  const known = KIND_OF_SCOPE.get(scope);
  const point = scope.lastIndexOf('.');
  return known !== undefined || point === -1 ? known : kindOf(scope.slice(0, point));
}

/** Undefined if the language is not known, or if highlight.js does not return the whole text. */
export function tokensOf(text: string, language: string): LineTokens | undefined {
  if (hljs.getLanguage(language) === undefined) return undefined;
  const { _emitter } = hljs.highlight(text, { language, ignoreIllegals: true });
  if (!(_emitter instanceof Pieces) || _emitter.pieces.map(([piece]) => piece).join('') !== text)
    return undefined;
  return inLines(_emitter.pieces);
}

function inLines(pieces: readonly [text: string, kind: Kind][]): LineTokens {
  const lines: Token[][] = [[]];
  let start = 0;
  for (const [text, kind] of pieces)
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) {
        lines.push([]);
        start = 0;
      }
      const end = start + part.length;
      if (kind !== null && part !== '') lines.at(-1)?.push([start, end, kind]);
      start = end;
    }
  return lines;
}
