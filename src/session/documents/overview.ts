import type { DocumentProblem } from './document-problem.ts';
import { type KeyLine, parseKeyLine, plainValue } from './key-line.ts';
import {
  isBlank,
  listItem,
  type MarkdownLines,
  parseMarkdown,
  preamble,
  type Section,
  sectionNamed,
  titleHeading,
} from './markdown-lines.ts';
import { flowKey, taskFrom } from './overview-task.ts';

export const BLOCKED_VALUES = ['no', 'waiting_human', 'yes'] as const;
export type Blocked = (typeof BLOCKED_VALUES)[number];

/** What `_overview.md` says; undefined is what it does not say. */
export interface OverviewReading {
  title: string | undefined;
  started: string | undefined;
  workingDir: string | undefined;
  task: string;
  /** As written: it may name no phase that we know. */
  phase: string | undefined;
  iteration: number | undefined;
  totalIterations: number | undefined;
  blocked: Blocked | undefined;
  qualityIteration: number | undefined;
  lastAction: string | undefined;
  next: string | undefined;
  /** Without list markers, oldest first. */
  flow: string[];
  files: string[];
  plans: string[];
  problems: DocumentProblem[];
}

/** The lines of the Status section, in their order. */
export const STATUS_LINES = {
  phase: 'Phase',
  iteration: 'Iteration',
  totalIterations: 'Total Iterations',
  blocked: 'Blocked',
  qualityIteration: 'Quality Iteration',
  lastAction: 'Last Action',
  next: 'Next',
} as const;
export type StatusKey = keyof typeof STATUS_LINES;

/** The sections of a notebook, in their order. */
export const OVERVIEW_SECTIONS = ['Task', 'Status', 'Flow Log', 'Files', 'Plans'] as const;
export type OverviewSection = (typeof OVERVIEW_SECTIONS)[number];

/** Reads a notebook as children, people and the original tool leave it; never throws. */
export function readOverview(text: string): OverviewReading {
  const doc = parseMarkdown(text);
  const problems: DocumentProblem[] = missingSections(doc);
  const found = findKeyLines(doc);
  const value = (key: string) => found.get(key.toLowerCase())?.[0]?.line.value;
  const count = (key: string) => parseCount(key, value(key), problems);
  for (const [key, lines] of found) {
    if (lines.length > 1) problems.push({ name: 'duplicate_line', text: `"${key}" occurs more than once.` });
  }
  const phase = value(STATUS_LINES.phase);
  if (!phase) problems.push({ name: 'missing_phase', text: 'There is no Phase line.' });
  return {
    title: titleHeading(doc)?.text.replace(/^Session:\s*/i, ''),
    started: value('Started'),
    workingDir: value('Working Dir'),
    task: taskFrom(sectionLines(doc, sectionNamed(doc, 'Task'))),
    phase: phase && plainValue(phase),
    iteration: count(STATUS_LINES.iteration),
    totalIterations: count(STATUS_LINES.totalIterations),
    blocked: parseBlocked(value(STATUS_LINES.blocked), problems),
    qualityIteration: count(STATUS_LINES.qualityIteration),
    lastAction: value(STATUS_LINES.lastAction),
    next: value(STATUS_LINES.next),
    flow: flowLines(doc).map(({ key }) => key),
    files: listedIn(doc, 'Files'),
    plans: listedIn(doc, 'Plans'),
    problems,
  };
}

export interface FoundLine {
  index: number;
  line: KeyLine;
}

/** Every line with a key of ours, by its key in lower case: those in Status first, then those above the sections. */
export function findKeyLines(doc: MarkdownLines): Map<string, FoundLine[]> {
  const found = new Map<string, FoundLine[]>();
  for (const section of [sectionNamed(doc, 'Status'), preamble(doc)]) {
    for (let index = section?.start ?? 0; index < (section?.end ?? 0); index += 1) {
      const line = doc.isFenced(index) ? undefined : parseKeyLine(doc.lines[index] ?? '');
      if (!line || !KNOWN_KEYS.has(line.key)) continue;
      const lines = found.get(line.key) ?? [];
      lines.push({ index, line });
      found.set(line.key, lines);
    }
  }
  return found;
}

/** The lines of the flow log that stand for an entry: list items, and stamps without a list marker. */
export function flowLines(doc: MarkdownLines): { index: number; key: string }[] {
  const section = sectionNamed(doc, 'Flow Log');
  const entries: { index: number; key: string }[] = [];
  for (let index = section?.start ?? 0; index < (section?.end ?? 0); index += 1) {
    const line = doc.lines[index] ?? '';
    if (doc.isFenced(index) || (listItem(line) === undefined && !line.trimStart().startsWith('['))) continue;
    const key = flowKey(line);
    if (key !== '') entries.push({ index, key });
  }
  return entries;
}

/** An entry's own line and the indented lines that go on with it. */
export function endOfEntry(doc: MarkdownLines, section: Section, index: number): number {
  let end = index + 1;
  while (end < section.end && /^[ \t]+[^ \t\r\n\-*+[]/.test(doc.lines[end] ?? '')) end += 1;
  return end;
}

const KNOWN_KEYS = new Set(
  ['Started', 'Working Dir', ...Object.values(STATUS_LINES)].map((key) => key.toLowerCase()),
);

function missingSections(doc: MarkdownLines): DocumentProblem[] {
  if (doc.lines.every(isBlank)) return [{ name: 'empty', text: 'The overview is empty.' }];
  return OVERVIEW_SECTIONS.filter((name) => !sectionNamed(doc, name)).map((name) => ({
    name: 'missing_section',
    text: `There is no "## ${name}" section.`,
  }));
}

function sectionLines(doc: MarkdownLines, section: Section | undefined): string[] {
  return section ? doc.lines.slice(section.start, section.end) : [];
}

function listedIn(doc: MarkdownLines, name: string): string[] {
  const items = sectionLines(doc, sectionNamed(doc, name)).map((line) => listItem(line) ?? '');
  return items.filter((item) => item !== '' && !/^\(none/i.test(item));
}

function parseCount(key: string, value: string | undefined, problems: DocumentProblem[]): number | undefined {
  if (value === undefined) return undefined;
  const digits = /^\d{1,9}(?!\d)/.exec(plainValue(value));
  if (digits) return Number(digits[0]);
  problems.push({ name: 'bad_number', text: `"${key}" is not followed by a whole number.` });
  return undefined;
}

function parseBlocked(value: string | undefined, problems: DocumentProblem[]): Blocked | undefined {
  if (value === undefined) return undefined;
  const word = /^[a-z]+/.exec(plainValue(value).toLowerCase())?.[0];
  if (word === 'no' || word === 'false') return 'no';
  if (word === 'waiting') return 'waiting_human';
  if (word === 'yes' || word === 'true') return 'yes';
  problems.push({ name: 'bad_blocked', text: '"Blocked" must be no, waiting_human or yes.' });
  return undefined;
}
