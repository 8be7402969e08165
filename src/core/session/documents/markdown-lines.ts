import { visibleControls } from '../../kernel/text.ts';

/** Splits a text into lines that keep their endings: `splitLines(text).join('') === text`. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

/** A line without its ending (LF or CRLF); trailing spaces are kept. */
export function lineBody(line: string): string {
  return line.replace(/\r?\n$/, '');
}

export function isBlank(line: string): boolean {
  return line.trim() === '';
}

/** Converts a text to one line, so that text written into a line cannot start another. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n\v\f\u0085\u2028\u2029]+/g, ' ').trim();
}

/** A text of others as one line of inline code, whatever backticks and hidden characters it contains. */
export function code(text: string): string {
  const line = visibleControls(text).replaceAll('\n', ' ');
  const fence = '`'.repeat(longestRun(line) + 1);
  const blank = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${blank}${line}${blank}${fence}`;
}

export function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}

export interface Heading {
  index: number;
  level: number;
  text: string;
}

/** A Markdown file split so that unchanged lines can be written back byte by byte. */
export interface MarkdownLines {
  bom: string;
  lines: string[];
  /** The ending of inserted lines: the same as that of the first line. */
  eol: '\n' | '\r\n';
  headings: Heading[];
  /** Whether a line belongs to a fenced code block, including its fences. */
  isFenced(index: number): boolean;
  /** Whether a line belongs to a fenced code block or to an HTML comment, and so is no heading, step or `Key:` line. */
  isHidden(index: number): boolean;
  /** The number of lines of the code block that begins at a line; 0 if none does. */
  fencedSize(index: number): number;
}

export function parseMarkdown(text: string): MarkdownLines {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const lines = splitLines(text.slice(bom.length));
  const blocks = hiddenBlocks(lines);
  const isHidden = (index: number) => blocks[index] !== 0 && blocks[index] !== undefined;
  const isFenced = (index: number) => isHidden(index) && blocks[index] !== COMMENT;
  const headings: Heading[] = [];
  for (const [index, line] of lines.entries()) {
    const heading = isHidden(index) ? undefined : parseHeading(line);
    if (heading) headings.push({ index, ...heading });
  }
  const eol = lines[0]?.endsWith('\r\n') ? '\r\n' : '\n';
  const fencedSize = (index: number) =>
    isFenced(index) ? blocks.lastIndexOf(blocks[index] ?? 0) + 1 - index : 0;
  return { bom, lines, eol, headings, isFenced, isHidden, fencedSize };
}

/** Lines `start` up to, but excluding, `end`; `heading` is -1 for the lines before the first section. */
export interface Section {
  heading: number;
  start: number;
  end: number;
}

/** The first `## name` section, in any letter case; it ends at the next heading of level 1 or 2. */
export function sectionNamed(doc: MarkdownLines, name: string): Section | undefined {
  const wanted = name.toLowerCase();
  const at = doc.headings.findIndex(({ level, text }) => level === 2 && plainName(text) === wanted);
  const heading = doc.headings[at]?.index;
  return heading === undefined ? undefined : { heading, start: heading + 1, end: endOfSection(doc, at) };
}

/**
 * The end of the section of heading number `at`: the next heading of its level or above, or one that matches `begins`.
 */
export function endOfSection(doc: MarkdownLines, at: number, ...begins: readonly RegExp[]): number {
  const level = doc.headings[at]?.level ?? 0;
  for (let next = at + 1; next < doc.headings.length; next += 1) {
    const heading = doc.headings[next];
    if (heading && (heading.level <= level || begins.some((each) => each.test(heading.text))))
      return heading.index;
  }
  return doc.lines.length;
}

/** The lines before the first section, including the title. */
export function preamble(doc: MarkdownLines): Section {
  const title = titleHeading(doc);
  const first = doc.headings.find((heading) => heading.level <= 2 && heading !== title);
  return { heading: -1, start: 0, end: first?.index ?? doc.lines.length };
}

export function titleHeading(doc: MarkdownLines): Heading | undefined {
  const first = doc.headings.find(({ level }) => level <= 2);
  return first?.level === 1 ? first : undefined;
}

/** The line after a section's last non-blank line, where text is appended. */
export function endOfContent(doc: MarkdownLines, section: Section): number {
  let end = section.end;
  while (end > section.start && isBlank(doc.lines[end - 1] ?? '')) end -= 1;
  return end;
}

/** The text of a list item without its marker, or undefined for any other line. */
export function listItem(line: string): string | undefined {
  const body = line.trim();
  const [marker] = /^(?:[-*+]|\d{1,9}[.)])[ \t]/.exec(body) ?? [];
  return marker === undefined ? undefined : body.slice(marker.length).trim();
}

export interface CheckBox {
  /** The columns before the marker of its item. */
  indent: number;
  isTicked: boolean;
  text: string;
  /** Its line without the ending, with the box open or closed. */
  withBox(mark: ' ' | 'x'): string;
}

// Every repetition is bounded, so that matching takes linear time.
const BOX = /^([ \t]{0,40})((?:[-*+]|\d{1,9}[.)])[ \t]{1,8})\[([ xX])\](?=\s|$)/;

/** The only reader of check boxes; the caller leaves out hidden lines. */
export function checkBox(line: string): CheckBox | undefined {
  const body = lineBody(line);
  const [all, blanks = '', marker = '', mark = ''] = (body.includes('[') && BOX.exec(body)) || [];
  if (all === undefined) return undefined;
  const rest = body.slice(all.length);
  return {
    indent: blanks.replaceAll('\t', '    ').length,
    isTicked: mark !== ' ',
    text: oneLine(rest),
    withBox: (now) => `${blanks}${marker}[${now}]${rest}`,
  };
}

// No repetition can match what the next part begins with, so that matching takes linear time. CR begins a line here.
const LIKE_BOX =
  /^[ \t>]*(?:<!--[ \t]*)?(?:(?:[-*+•]|\d{1,9}[.)])[ \t]*)?(?:\[(?: {1,3}|[xX]|(?!\])[\p{P}\p{S}])?\](?![([:])|[☐☑☒])/gmu;

/** How often a line has what people may mean as a check box: `> - [ ] a`, `- [-] a`, `- []`. */
export function likeBoxes(line: string): number {
  return line.match(LIKE_BOX)?.length ?? 0;
}

function plainName(heading: string): string {
  return heading.toLowerCase().replace(/:$/, '').trim();
}

export function parseHeading(line: string): { level: number; text: string } | undefined {
  const marks = /^ {0,3}(#{1,6})(?=[ \t\r\n]|$)/.exec(line);
  if (!marks?.[1]) return undefined;
  const text = line.slice(marks[0].length).trim();
  return { level: marks[1].length, text: text.replace(/(?:^|[ \t])#+$/, '').trim() };
}

interface FenceMark {
  char: string;
  length: number;
  /** It is in a list item, with which its block ends: at the next line that is not indented. */
  isNested: boolean;
  /** Nothing stands around the mark, which is required of a closing line. */
  isBare: boolean;
  /** The length of the longest later mark that can close a block of this kind. */
  longestAfter: number;
}

const COMMENT = -1;

/**
 * Of each line the number of its fenced block, from 1, or COMMENT; 0 for all others. A fence or comment that is never
 * closed is ignored: otherwise one forgotten fence would hide the rest of an overview.
 */
function hiddenBlocks(lines: readonly string[]): Int32Array {
  const blocks = new Int32Array(lines.length);
  const marks = fenceMarks(lines);
  const lastEnd = lines.findLastIndex((line) => line.includes('-->'));
  let open: { from: number; mark: FenceMark | undefined } | undefined;
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const mark = marks.get(index);
    if (open === undefined) {
      const isComment = index <= lastEnd && /^[ \t]{0,40}<!--/.test(line);
      if (mark && mark.length <= mark.longestAfter) open = { from: index, mark };
      else if (isComment) open = { from: index, mark: undefined };
      if (mark || !isComment) continue;
    }
    if (open?.mark ? mark && closes(mark, open.mark) : line.includes('-->')) {
      blocks.fill(open?.mark ? ++count : COMMENT, open?.from, index + 1);
      open = undefined;
    }
  }
  return blocks;
}

function closes(mark: FenceMark, open: FenceMark): boolean {
  const isInReach = open.isNested || !mark.isNested;
  return mark.isBare && isInReach && mark.char === open.char && mark.length >= open.length;
}

/** A block can begin in a list item, also right after its marker. */
const FENCE = /^([ \t]{0,40})((?:[-*+]|\d{1,9}[.)])[ \t]{1,4})?(`{3,}|~{3,})/;

function fenceMarks(lines: readonly string[]): Map<number, FenceMark> {
  const marks = new Map<number, FenceMark>();
  const longest: Record<string, number> = {};
  let longestInItem: Record<string, number> = {};
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index] ?? '';
    const mark = fenceMark(line);
    if (mark !== undefined) {
      const { char, length, isBare, isNested } = mark;
      marks.set(index, { ...mark, longestAfter: (isNested ? longestInItem : longest)[char] ?? 0 });
      if (isBare) longestInItem[char] = Math.max(longestInItem[char] ?? 0, length);
      if (isBare && !isNested) longest[char] = Math.max(longest[char] ?? 0, length);
    }
    if (/^\S/.test(line)) longestInItem = {};
  }
  return marks;
}

function fenceMark(line: string): Omit<FenceMark, 'longestAfter'> | undefined {
  const [all, blanks = '', marker = '', run = ''] = FENCE.exec(line) ?? [];
  const char = run[0];
  if (all === undefined || char === undefined) return undefined;
  const rest = line.slice(all.length);
  // Further backticks on the line make it inline code, not a fence.
  if (char === '`' && rest.includes('`')) return undefined;
  const isNested = marker !== '' || blanks.length > 3 || blanks.includes('\t');
  return { char, length: run.length, isNested, isBare: marker === '' && isBlank(rest) };
}

/** A `Key: value` line; can be a list item or have its key in bold, as people and models write it. */
export interface KeyLine {
  key: string;
  value: string;
  head: string;
}

// Every repetition is bounded, so that matching takes linear time.
const HEAD =
  /^[ \t]{0,8}(?:[-*+][ \t]{1,4})?(?:\*\*|__)?([A-Za-z][A-Za-z0-9 ]{0,30})(?:\*\*|__)?[ \t]{0,4}:(?:\*\*|__)?/;

export function parseKeyLine(line: string): KeyLine | undefined {
  const body = lineBody(line);
  const match = HEAD.exec(body);
  if (!match?.[1]) return undefined;
  return { key: match[1].trim().toLowerCase(), value: body.slice(match[0].length).trim(), head: match[0] };
}

export interface FoundLine {
  index: number;
  line: KeyLine;
}

/** The `Key: value` lines from `start` up to, but excluding, `end`, except hidden ones. */
export function keyLinesIn(doc: MarkdownLines, { start, end }: Pick<Section, 'start' | 'end'>): FoundLine[] {
  return doc.lines.slice(start, end).flatMap((text, at) => {
    const line = doc.isHidden(start + at) ? undefined : parseKeyLine(text);
    return line ? [{ index: start + at, line }] : [];
  });
}

export function withValue(line: KeyLine, value: string): string {
  return value === '' ? line.head : `${line.head} ${value}`;
}

/** Removes emphasis and code marks around a value: `**yes**` and `` `yes` `` become `yes`. */
export function plainValue(value: string): string {
  const start = /^[*_`]{1,3}/.exec(value.trim())?.[0].length ?? 0;
  return value
    .trim()
    .slice(start)
    .replace(/[*_`]{1,3}$/, '')
    .trim();
}

/** Collects changes to lines; indexes refer to the original text. */
export interface LineEditor {
  replace(index: number, body: string): void;
  remove(index: number): void;
  /** Inserts lines before line `index` (the number of lines means the end), after earlier insertions there. */
  insert(index: number, bodies: readonly string[]): void;
  /** Inserts a block before line `index`, separated from its neighbours by blank lines. */
  insertBlock(index: number, bodies: readonly string[]): void;
}

/** Applies the changes that `edit` makes; every other byte is unchanged. */
export function editMarkdown(text: string, edit: (doc: MarkdownLines, editor: LineEditor) => void): string {
  const doc = parseMarkdown(text);
  const { lines, eol } = doc;
  const replaced = new Map<number, string | undefined>();
  const inserted = new Map<number, string[]>();

  function insert(index: number, bodies: readonly string[]): void {
    const bodiesThere = inserted.get(index) ?? [];
    for (const body of bodies) bodiesThere.push(body);
    inserted.set(index, bodiesThere);
  }

  function insertBlock(index: number, bodies: readonly string[]): void {
    const before = inserted.get(index)?.at(-1) ?? lines[index - 1] ?? '';
    if (!isBlank(before)) insert(index, ['']);
    insert(index, bodies);
    if (!isBlank(lines[index] ?? '')) insert(index, ['']);
  }

  edit(doc, {
    replace: (index, body) => replaced.set(index, body + (/\r?\n$/.exec(lines[index] ?? '')?.[0] ?? '')),
    remove: (index) => replaced.set(index, undefined),
    insert,
    insertBlock,
  });
  const out: string[] = [];
  const emit = (line: string) => {
    const last = out.length - 1;
    if (last >= 0 && !out[last]?.endsWith('\n')) out[last] += eol;
    out.push(line);
  };
  for (let index = 0; index <= lines.length; index += 1) {
    for (const body of inserted.get(index) ?? []) emit(body + eol);
    const line = replaced.has(index) ? replaced.get(index) : lines[index];
    if (line !== undefined) emit(line);
  }
  return doc.bom + out.join('');
}
