import { cleanText } from '../../kernel/text.ts';
import type { ControlQuestion } from '../events/bodies/positions.ts';
import {
  endOfSection,
  isBlank,
  type KeyLine,
  lineBody,
  type MarkdownLines,
  parseKeyLine,
} from './markdown-lines.ts';

export interface QaQuestion {
  /** `Q2` in the first round, `R2Q2` later. */
  id: string;
  round: number;
  text: string;
  /** Letters are capitals. */
  options: { letter: string; text: string }[];
  suggestion?: { letters: string[]; reason: string };
  /** As written; absent while it is `_waiting_` or empty. */
  answer?: string;
  /** samocode itself asks it, about this, and acts on the letter alone: see `withOwnMarked`. */
  own?: ControlQuestion['kind'];
}

/** A question and its lines: from its heading at `start` up to, but excluding, `end`. */
export interface FoundQuestion {
  question: QaQuestion;
  start: number;
  end: number;
  /** The lines of its answer, which the worker writes; absent without an answer line. */
  answerSpan?: { start: number; end: number; line: KeyLine };
  answerLines: number;
}

/** The questions of a file, round by round. A `## Round n` heading or a repeated number starts a round. */
export function findQuestions(doc: MarkdownLines): FoundQuestion[] {
  const found: FoundQuestion[] = [];
  let round = 1;
  let numbers = new Set<number>();
  const beginRound = (at: number) => {
    round = at > round ? at : round + 1;
    numbers = new Set();
  };
  for (const [at, heading] of doc.headings.entries()) {
    const named = ROUND.exec(heading.text)?.[1];
    if (named && (numbers.size > 0 || Number(named) > round)) beginRound(Number(named));
    const parts = heading.level > 1 ? QUESTION.exec(heading.text) : null;
    if (!parts?.[2]) continue;
    const number = Number(parts[2]);
    const isRestart = numbers.has(number) || (number === 1 && numbers.size > 0);
    if (isRestart || Number(parts[1] ?? 0) > round) beginRound(Number(parts[1] ?? 0));
    numbers.add(number);
    const title = heading.text.slice(parts[0].length).trim();
    const head = { id: questionId(round, number), round, text: title };
    found.push(readBlock(doc, head, { start: heading.index, end: endOfSection(doc, at, QUESTION, ROUND) }));
  }
  return found;
}

/** Whether a line right below an answer would be parsed as part of it. */
export function continuesAnswer(doc: MarkdownLines, index: number): boolean {
  const line = doc.lines[index] ?? '';
  if (doc.isFenced(index)) return true;
  return !isBlank(line) && !isRule(line) && !OWN_KEYS.has(parseKeyLine(line)?.key ?? '');
}

/** A horizontal rule or a comment between questions, which belongs to neither. */
export function isRule(line: string): boolean {
  const body = line.trim();
  if (body.startsWith('<!--')) return true;
  // Bounded: repeated groups over megabytes overflow the regex engine's stack.
  return body.length <= 200 && /^(?:-(?:[ \t]*-){2,}|\*(?:[ \t]*\*){2,}|_(?:[ \t]*_){2,})$/.test(body);
}

const ROUND = /^Round\s{1,4}(\d{1,6})(?!\d)/i;
const QUESTION = /^(?:R(\d{1,6})[ .-]?)?Q(?:uestion)?\s{0,3}(\d{1,6})(?!\d)(?:\*\*)?\s{0,4}[:.)–—-]?/i;
const OPTION =
  /^[ \t]{0,8}(?:[-*+][ \t]{1,4})?(?:\[[ xX]\][ \t]{0,4})?(?:\*\*|__)?(?:([A-Za-z])(?:\*\*)?\)|([A-Z])(?:\*\*)?[.:])(?:\*\*|__)?(?=[ \t]|$)/;
const OWN_KEYS = new Set(['answer', 'suggestion', 'recommendation']);

interface Block {
  text: string[];
  options: { letter: string; lines: string[] }[];
  suggestion: string[];
}

function readBlock(
  doc: MarkdownLines,
  head: { id: string; round: number; text: string },
  lines: { start: number; end: number },
): FoundQuestion {
  const block: Block = { text: [head.text], options: [], suggestion: [] };
  let answerSpan: FoundQuestion['answerSpan'];
  let answerLines = 0;
  // The lines that a following line belongs to, unless a blank line comes first.
  let open: string[] | undefined;
  for (let index = lines.start + 1; index < lines.end; index += 1) {
    const body = lineBody(doc.lines[index] ?? '');
    const isFenced = doc.isFenced(index);
    const line = isFenced ? undefined : parseKeyLine(body);
    if (line?.key === 'answer') {
      answerLines += 1;
      answerSpan ??= { start: index, end: endOfAnswer(doc, index, lines.end), line };
      index = Math.max(index, answerSpan.end - 1);
    } else if (answerSpan === undefined) {
      open = readLine(block, { body, line, isFenced }, open);
    }
  }
  const answer = answerSpan ? answerIn(doc, answerSpan) : '';
  const question: QaQuestion = {
    ...head,
    text: block.text.join('\n').trim(),
    options: block.options.map((option) => ({ letter: option.letter, text: option.lines.join(' ') })),
  };
  if (block.suggestion.length > 0) question.suggestion = readSuggestion(block.suggestion.join(' ').trim());
  if (answer !== '') question.answer = answer;
  return { question, ...lines, ...(answerSpan && { answerSpan }), answerLines };
}

/** Reads one line above the answer. @returns the lines that a continuation of it belongs to */
function readLine(
  block: Block,
  { body, line, isFenced }: { body: string; line: KeyLine | undefined; isFenced: boolean },
  open: string[] | undefined,
): string[] | undefined {
  if (isFenced) {
    block.text.push(body);
    return undefined;
  }
  if (isBlank(body) || isRule(body)) return undefined;
  if (line && OWN_KEYS.has(line.key) && block.suggestion.length === 0) {
    block.suggestion.push(line.value);
    return block.suggestion;
  }
  const option = readOption(block, body);
  if (option) return option;
  (open ?? block.text).push(body.trim());
  return open;
}

/** Adds an option. @returns the lines of its text */
function readOption(block: Block, body: string): string[] | undefined {
  const match = OPTION.exec(body);
  const letter = (match?.[1] ?? match?.[2])?.toUpperCase();
  if (!match || !letter || block.options.some((option) => option.letter === letter)) return undefined;
  const lines = [body.slice(match[0].length).trim()];
  block.options.push({ letter, lines });
  return lines;
}

function readSuggestion(text: string): { letters: string[]; reason: string } {
  const match =
    /^(?:option\s{1,3})?((?:\*\*)?[A-Z](?:\s{0,2}(?:,|\+|&|and)\s{0,2}[A-Z]){0,25})(?:\*\*)?\)?(?=[\s:,.–—-]|$)/.exec(
      text,
    );
  if (!match?.[1]) return { letters: [], reason: text };
  const letters = match[1].match(/[A-Z]/g) ?? [];
  return { letters, reason: text.slice(match[0].length).replace(/^[\s:,.–—-]{1,9}/, '') };
}

/** Includes the lines right below `**Answer:**`, unless its value is still the placeholder. */
function endOfAnswer(doc: MarkdownLines, index: number, endOfQuestion: number): number {
  const value = answerValue(parseKeyLine(doc.lines[index] ?? ''));
  let end = index + 1;
  if (value !== '' && isUnanswered(value)) return end;
  while (end < endOfQuestion && continuesAnswer(doc, end)) end += 1;
  return end;
}

function answerIn(doc: MarkdownLines, span: { start: number; end: number; line: KeyLine }): string {
  const below = doc.lines.slice(span.start + 1, span.end).map((line) => lineBody(line).trimEnd());
  const text = [answerValue(span.line), ...below].join('\n').replaceAll('<br>', '\n');
  const words = cleanText(text).trim();
  return isUnanswered(words) ? '' : words;
}

function answerValue(line: KeyLine | undefined): string {
  if (!line) return '';
  // `**Answer: B**` has its closing marks after the value.
  const isOpen = /^\s*(?:[-*+]\s+)?\*\*[^*]*$/.test(line.head);
  return isOpen ? line.value.replace(/\*\*$/, '').trim() : line.value;
}

/** Whether a text is a placeholder for a missing answer. */
export function isUnanswered(text: string): boolean {
  const bare = text.trim();
  if (bare.length > 60) return false;
  return (
    /^[_.…\s*-]*$/.test(bare) ||
    /^[_*(`<[]{0,3}waiting(?: for (?:an )?answers?)?[_*)`>\].…]{0,4}$/i.test(bare)
  );
}

/** The question that an id refers to: `Q2`, `r2q2`, or `R1Q2` for one of the first round, in any letter case. */
export function findQuestion<T extends { id: string }>(questions: readonly T[], id: string): T | undefined {
  const wanted = canonicalId(id);
  return questions.find((question) => question.id === wanted);
}

/** Normalizes ids to `Q2` and `R2Q2`; other texts are returned in capitals. */
export function canonicalId(id: string): string {
  const capitals = id.trim().toUpperCase();
  const parts = /^(?:R0*(\d{1,6}))?Q0*(\d{1,6})$/.exec(capitals);
  return parts?.[2] ? questionId(Number(parts[1] ?? 1), Number(parts[2])) : capitals;
}

function questionId(round: number, number: number): string {
  return round === 1 ? `Q${number}` : `R${round}Q${number}`;
}
