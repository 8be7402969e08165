import { fingerprint, isHashOf } from '../../kernel/files/fingerprint.ts';
import { compareLines, type DiffLine } from '../../kernel/line-diff.ts';
import { cut } from '../../kernel/text.ts';
import { dateOf } from '../layout/names.ts';
import { parseDocumentName, sortNewestFirst } from './documents.ts';
import {
  checkBox,
  endOfSection,
  isBlank,
  type KeyLine,
  keyLinesIn,
  lineBody,
  listItem,
  type MarkdownLines,
  parseHeading,
  parseKeyLine,
  parseMarkdown,
  plainValue,
  titleHeading,
} from './markdown-lines.ts';

export interface PlanPhase {
  number: number;
  name: string;
  files: string[];
  check?: string;
  /** `check`, if it is written as code: a command, not a description. */
  command?: string;
  /** Set by the line `Proposals: two`: two proposals are compared before code is written. */
  wantsComparison?: boolean;
  steps: { done: number; total: number };
  /** It has a completion line, or every step is ticked. */
  completed: boolean;
  /** All lines below its heading, trimmed. */
  lines: string[];
}

export interface PlanReading {
  title: string | undefined;
  phases: PlanPhase[];
  /** A line `Testing: none - why` or `Testing: in review - why`: no agent of testing tries the work. */
  testing: { instead: 'none' | 'in review'; line: string } | undefined;
}

/** Parses a plan, including older ones without Files and Check; never throws. Ignores the Notes section. */
export function parsePlan(text: string): PlanReading {
  const doc = parseMarkdown(text);
  const end = endOfPlan(doc);
  const completed = completedNumbers(doc, end);
  const phases = phaseRanges(doc).map(({ number, name, ...range }) =>
    readPhase(doc, range, { number, name, completed: completed.has(number) }),
  );
  const title = titleHeading(doc)?.text.replace(/^Plan:\s*/i, '');
  return { title, phases, testing: testingLine(doc, end) };
}

interface PhaseRange {
  number: number;
  name: string;
  /** The lines below its heading, up to, but excluding, `end`. */
  start: number;
  end: number;
}

export function phaseRanges(doc: MarkdownLines): PhaseRange[] {
  const last = endOfPlan(doc);
  return doc.headings.flatMap(({ index, level, text }, at) => {
    const parts = level > 1 && index < last ? PHASE.exec(text) : null;
    if (!parts) return [];
    const end = Math.min(endOfSection(doc, at, PHASE), last);
    return [{ number: Number(parts[1]), name: text.slice(parts[0].length).trim(), start: index + 1, end }];
  });
}

/** Where the notes begin, which are no part of the work. */
export function endOfPlan(doc: MarkdownLines): number {
  return notesHeading(doc) ?? doc.lines.length;
}

/**
 * SHA-256 (hex) of what an approval covers: everything except checkbox states, completion lines and plain paragraphs of
 * the Notes section. Line endings, trailing spaces and blank lines are ignored.
 */
export function planHash(text: string): string {
  return fingerprint(planContent(text).lines.join('\n'));
}

/** Whether a hash, possibly abbreviated, is that of this plan. */
export function isPlanOf(given: string, text: string): boolean {
  return isHashOf(given, planHash(text));
}

/**
 * The newest plan of the current goal. An approved plan takes precedence, but only the events record that.
 * @param folder the session's folder, whose date is its first day; stamps have no year
 * @param oldPlans the plans of earlier goals
 */
export function currentPlanOf(
  files: readonly string[],
  folder: string,
  oldPlans: readonly string[],
): string | undefined {
  const plans = files.filter((file) => parseDocumentName(file)?.kind === 'plan' && !oldPlans.includes(file));
  // Whatever an agent plans comes after it, also in the minute of the start, or by another clock.
  const ofAgents = plans.filter((file) => !file.endsWith(GIVEN_PLAN));
  return sortNewestFirst(ofAgents.length > 0 ? ofAgents : plans, dateOf(folder))[0];
}

/** The end of the name of the plan that the session was started with. */
export const GIVEN_PLAN = '-plan-given.md';

const PHASE = /^Phase\s{1,4}(\d{1,4})(?!\d)\s{0,4}[:.)–—-]?/i;

function readPhase(
  doc: MarkdownLines,
  { start, end }: { start: number; end: number },
  head: { number: number; name: string; completed: boolean },
): PlanPhase {
  const lines = doc.lines.slice(start, end).map((line) => line.trim());
  const phase: PlanPhase = { ...head, files: [], steps: { done: 0, total: 0 }, lines };
  let isListingFiles = false;
  for (let index = start; index < end; index += 1) {
    const line = doc.lines[index] ?? '';
    if (doc.isHidden(index) || isBlank(line)) continue;
    const item = listItem(line);
    const box = checkBox(line);
    const key = parseKeyLine(line);
    if (box) {
      phase.steps.total += 1;
      if (box.isTicked) phase.steps.done += 1;
    } else if (key?.key === 'files') {
      phase.files.push(...fileNames(key.value));
    } else if (key?.key === 'check' && phase.check === undefined) {
      const check = plainValue(key.value);
      if (check !== '') phase.check = check;
      if (/^`[^`]+`$/.test(key.value)) phase.command = check;
    } else if (key?.key === 'proposals') {
      phase.wantsComparison = /^two\b/i.test(plainValue(key.value));
    } else if (isListingFiles && item !== undefined) {
      phase.files.push(...fileNames(item));
      continue;
    }
    isListingFiles = key?.key === 'files' && key.value === '';
  }
  const { done, total } = phase.steps;
  return { ...phase, completed: phase.completed || (total > 0 && done === total) };
}

function fileNames(text: string): string[] {
  return text
    .split(',')
    .map(fileName)
    .filter((name) => name !== '');
}

/** `./src/a.ts:12 (new)` names src/a.ts; also handles names in backticks within a sentence. */
function fileName(entry: string): string {
  const [before = '', quoted] = entry.split('`');
  const isQuoted = quoted !== undefined && (before.trim() === '' || before.includes(' '));
  const name = isQuoted ? quoted : plainValue(entry).replace(/\s{1,8}(?:\(|\[|[-–—:]\s).*$/s, '');
  return name
    .trim()
    .replace(/:\d+(?:[-:]\d+)?$/, '')
    .replace(/^(?:\.\/)+/, '');
}

function completedNumbers(doc: MarkdownLines, end: number): Set<number> {
  const lines = doc.lines.slice(0, end).filter((line, index) => !doc.isHidden(index) && isCompletion(line));
  return new Set(lines.map((line) => Number(/\d+/.exec(line)?.[0])));
}

/** Without a reason it does not count, and "none" outweighs "in review": it promises less. */
function testingLine(doc: MarkdownLines, end: number): PlanReading['testing'] {
  const found = keyLinesIn(doc, { start: 0, end }).flatMap(({ line: { key, value } }) => {
    const plain = plainValue(value);
    const [, instead] = (key === 'testing' && WITHOUT_TESTING.exec(plain)) || [];
    if (instead === undefined) return [];
    return [{ instead: /^none/i.test(instead) ? 'none' : 'in review', line: `Testing: ${plain}` } as const];
  });
  return found.find(({ instead }) => instead === 'none') ?? found[0];
}

const WITHOUT_TESTING = /^(none|in\s{1,4}review)\s{0,4}[-–—:,;(]{1,3}\s{0,4}[\p{L}\p{N}]/iu;

/** The contents of a plan without what its execution may change: boxes are unticked, completion lines omitted. */
export interface PlanContent {
  /** What an approval covers: everything except plain paragraphs of the Notes section. */
  lines: string[];
  /** All lines of the Notes section, without its heading. */
  notes: string[];
}

// Only a stamp may follow: any other text there would not be covered by the approval.
const COMPLETED = /^\*\*Phase \d{1,4} completed\*\*[\s\d:@.,()[\]-]{0,40}$/i;

/**
 * Reduces a plan to what an approval covers. Blank lines outside code are omitted, because completion lines are usually
 * added with one; trailing spaces are removed.
 */
export function planContent(text: string): PlanContent {
  const doc = parseMarkdown(text);
  const end = notesHeading(doc) ?? doc.lines.length;
  const beforeNotes: string[] = [];
  for (let index = 0; index < end; index += 1) {
    const body = lineBody(doc.lines[index] ?? '').trimEnd();
    if (doc.isFenced(index) || (doc.isHidden(index) && body !== '')) beforeNotes.push(body);
    else if (body !== '' && !isCompletion(body)) beforeNotes.push(openBox(body));
  }
  const { notes, covered } = notesFrom(doc, end + 1);
  // The heading is included so that work moved into the notes differs from work above them.
  const lines = covered.length > 0 ? [...beforeNotes, '## Notes', ...covered] : beforeNotes;
  return { lines, notes };
}

/** Agents read the whole file, so lines in the notes that look like work to do must be approved too. */
function notesFrom(doc: MarkdownLines, start: number): { notes: string[]; covered: string[] } {
  const notes: string[] = [];
  const covered: string[] = [];
  let isListingFiles = false;
  for (let index = start; index < doc.lines.length; index += 1) {
    const body = lineBody(doc.lines[index] ?? '').trimEnd();
    if (body === '' || isCompletion(body)) continue;
    const line = openBox(body);
    const key = parseKeyLine(body);
    const isFile: boolean = isListingFiles && listItem(body) !== undefined;
    notes.push(line);
    if (isFile || isWork(body, key) || (!doc.isHidden(index) && parseHeading(body))) covered.push(line);
    isListingFiles = isFile || (key?.key === 'files' && key.value === '');
  }
  return { notes, covered };
}

/** Applies in code blocks too: quoted output often has lines that begin with "#", but none like these. */
function isWork(body: string, key: KeyLine | undefined): boolean {
  return (
    key?.key === 'files' || key?.key === 'check' || checkBox(body) !== undefined || PHASE_HEADING.test(body)
  );
}

const PHASE_HEADING = /^ {0,3}#{1,6}[ \t]{1,8}Phase[ \t]{1,4}\d/i;

function openBox(body: string): string {
  return checkBox(body)?.withBox(' ') ?? body;
}

/**
 * The line of the `## Notes` heading, if it is the plan's last section. Elsewhere it is ordinary content: a second one,
 * or a section after it, must not hide anything from an approval.
 */
export function notesHeading(doc: MarkdownLines): number | undefined {
  const last = doc.headings.findLast(({ level }) => level <= 2);
  return last?.level === 2 && /^notes:?$/i.test(last.text) ? last.index : undefined;
}

function isCompletion(line: string): boolean {
  const body = line.trim();
  return body.startsWith('**') && COMPLETED.test(body);
}

interface PlanChanges {
  /** The changes to what an approval covers: `- ` old, `+ ` new, two spaces for context; at most 200 lines. */
  lines: string[];
  /** Notes of the approved plan were removed or changed; they may only grow. */
  notesShrank: boolean;
}

const MAX_LINES = 200;
const MAX_LINE_LENGTH = 300;
const CONTEXT = 2;

/** Compares an approved plan with the current one, ignoring boxes and completion lines. */
export function planChanges(approvedText: string, currentText: string): PlanChanges {
  const approved = planContent(approvedText);
  const current = planContent(currentText);
  const notesShrank = !approved.notes.every((line, at) => current.notes[at] === line);
  const lines = withContext(compareLines(approved.lines, current.lines));
  if (lines.length <= MAX_LINES) return { lines, notesShrank };
  const more = `… ${lines.length - MAX_LINES + 1} more lines`;
  return { lines: [...lines.slice(0, MAX_LINES - 1), more], notesShrank };
}

/** Changed lines with some context; `…` marks omitted lines. */
function withContext(diff: readonly DiffLine[]): string[] {
  const isShown = diff.map((_, at) =>
    diff.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ mark }) => mark !== ' '),
  );
  return diff.flatMap(({ mark, text }, at) => {
    if (isShown[at]) return [cut(`${mark} ${text}`, MAX_LINE_LENGTH)];
    return isShown[at - 1] && isShown.includes(true, at) ? ['…'] : [];
  });
}
