import {
  editMarkdown,
  endOfContent,
  type FoundLine,
  isBlank,
  keyLinesIn,
  type LineEditor,
  lineBody,
  listItem,
  type MarkdownLines,
  oneLine,
  parseMarkdown,
  plainValue,
  preamble,
  sectionNamed,
  titleHeading,
  withValue,
} from './markdown-lines.ts';

type Blocked = 'no' | 'waiting_human' | 'yes';

/** The contents of `_overview.md`; a field is undefined if its line is missing or cannot be parsed. */
export interface OverviewReading {
  workingDir: string | undefined;
  task: string;
  /** As written; might not be a known phase. */
  phase: string | undefined;
  iteration: number | undefined;
  totalIterations: number | undefined;
  blocked: Blocked | undefined;
  /** The machine whose worker wrote it last. */
  host: string | undefined;
  lastAction: string | undefined;
  next: string | undefined;
  /** Without list markers, oldest first. */
  flow: string[];
}

/** The worker's lines of the status, in their order. */
const STATUS_LINES = {
  phase: 'Phase',
  iteration: 'Iteration',
  totalIterations: 'Total Iterations',
  blocked: 'Blocked',
  qualityIteration: 'Quality Iteration',
  host: 'Host',
} as const;

/** Lines that agents and people write too; a change sets them one by one. */
const OTHER_LINES = { workingDir: 'Working Dir', lastAction: 'Last Action', next: 'Next' } as const;

const OVERVIEW_SECTIONS = ['Task', 'Status', 'Flow Log', 'Files', 'Plans'] as const;

/** Reads an overview written by agents, people or the original tool; never throws. */
export function readOverview(text: string): OverviewReading {
  const doc = parseMarkdown(text);
  const found = findKeyLines(doc);
  const value = (key: string) => found.get(key.toLowerCase())?.[0]?.line.value;
  const phase = value(STATUS_LINES.phase);
  const task = sectionNamed(doc, 'Task');
  return {
    workingDir: value(OTHER_LINES.workingDir),
    task: taskFrom(doc.lines.slice(task?.start ?? 0, task?.end ?? 0)),
    phase: phase && plainValue(phase),
    iteration: parseCount(value(STATUS_LINES.iteration)),
    totalIterations: parseCount(value(STATUS_LINES.totalIterations)),
    blocked: parseBlocked(value(STATUS_LINES.blocked)),
    host: value(STATUS_LINES.host),
    lastAction: value(OTHER_LINES.lastAction),
    next: value(OTHER_LINES.next),
    flow: flowKeysIn(doc),
  };
}

/** The lines with known keys, by key in lower case: those in Status first, then those above the sections. */
function findKeyLines(doc: MarkdownLines): Map<string, FoundLine[]> {
  const found = new Map<string, FoundLine[]>();
  for (const section of [sectionNamed(doc, 'Status'), preamble(doc)]) {
    for (const each of section ? keyLinesIn(doc, section) : []) {
      const { key } = each.line;
      if (!KNOWN_KEYS.has(key)) continue;
      const lines = found.get(key) ?? [];
      lines.push(each);
      found.set(key, lines);
    }
  }
  return found;
}

/** The entries of the flow log: list items, and stamps without a list marker. */
function flowKeysIn(doc: MarkdownLines): string[] {
  const section = sectionNamed(doc, 'Flow Log');
  const lines = doc.lines.slice(section?.start ?? 0, section?.end ?? 0);
  return lines.flatMap((line, at) => {
    const isEntry = listItem(line) !== undefined || line.trimStart().startsWith('[');
    const key = isEntry && !doc.isFenced((section?.start ?? 0) + at) ? flowKey(line) : '';
    return key === '' ? [] : [key];
  });
}

const KNOWN_KEYS: ReadonlySet<string> = new Set(
  Object.values({ ...STATUS_LINES, ...OTHER_LINES }).map((key) => key.toLowerCase()),
);

function parseCount(value: string | undefined): number | undefined {
  const digits = value === undefined ? null : /^\d{1,9}(?!\d)/.exec(plainValue(value));
  return digits ? Number(digits[0]) : undefined;
}

function parseBlocked(value: string | undefined): Blocked | undefined {
  const word = /^[a-z]+/.exec(plainValue(value ?? '').toLowerCase())?.[0];
  if (word === 'no' || word === 'false') return 'no';
  if (word === 'waiting') return 'waiting_human';
  return word === 'yes' || word === 'true' ? 'yes' : undefined;
}

/** The text of the `## Task` section for the person's task, dive topic or both. */
export function taskText(given: { task?: string; dive?: string }): string {
  const dive = given.dive?.trim() ? `Dive: ${given.dive.trim()}` : '';
  return [trimBlankLines(given.task ?? ''), dive].filter((part) => part !== '').join('\n\n');
}

/**
 * The task as lines for the overview. A task with lines that would be parsed as a section, a fence or a quotation is
 * quoted as a whole, so that its text is preserved.
 */
function taskLines(task: string): string[] {
  const lines = trimBlankLines(task).split('\n');
  const mustQuote = lines.some((line) => /^\s*(#{1,2}(\s|$)|>|```|~~~)/.test(line));
  return mustQuote ? lines.map((line) => (line === '' ? '>' : `> ${line}`)) : lines;
}

function taskFrom(lines: readonly string[]): string {
  const bodies = trimBlankLines(lines.map(lineBody).join('\n')).split('\n');
  const isQuoted = bodies.every((body) => body.startsWith('>'));
  return (isQuoted ? bodies.map((body) => body.replace(/^> ?/, '')) : bodies).join('\n');
}

/** Identifies a line of the flow log: its text without the list marker. */
export function flowKey(line: string): string {
  const text = oneLine(line);
  return listItem(text) ?? text;
}

/** Normalizes line endings and removes blank lines at both ends. */
function trimBlankLines(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  let start = 0;
  let end = lines.length;
  while (start < end && isBlank(lines[start] ?? '')) start += 1;
  while (end > start && isBlank(lines[end - 1] ?? '')) end -= 1;
  return lines.slice(start, end).join('\n');
}

/** The worker's part of the status, from the events. */
export interface StatusBlock {
  phase: string;
  iteration: number;
  totalIterations: number;
  blocked: Blocked;
  qualityIteration?: number;
  host?: string;
}

/** Changes to an overview; absent fields stay as they are. Each text is written on one line. */
export interface OverviewChange {
  status?: StatusBlock;
  lastAction?: string;
  next?: string;
  workingDir?: string;
  /** Lines to append to the flow log; those already in it are skipped. */
  appendFlow?: readonly string[];
  /** Lines to remove from the flow log. */
  dropFlow?: readonly string[];
}

/** Writes the worker's block of the status whole, and sets other lines; every other byte is unchanged. Never throws. */
export function changeOverview(text: string, change: OverviewChange): string {
  const { status, appendFlow = [], dropFlow = [] } = change;
  let changed = status === undefined ? text : withStatus(text, status);
  if (dropFlow.length > 0) changed = withoutFlow(changed, dropFlow);
  for (const key of ['workingDir', 'lastAction', 'next'] as const)
    if (change[key] !== undefined) changed = withLine(changed, OTHER_LINES[key], oneLine(change[key]));
  return appendFlow.length === 0 ? changed : withFlow(changed, appendFlow);
}

/** The overview of a new session. `started` is `YYYY-MM-DD HH:MM`. */
export function newOverview(given: {
  title: string;
  started: string;
  workingDir: string;
  task?: string;
  dive?: string;
}): string {
  const head = [`# Session: ${oneLine(given.title)}`, `Started: ${oneLine(given.started)}`];
  const status = ['Phase: init', 'Iteration: 0', 'Total Iterations: 0', 'Blocked: no'];
  const sections = [
    [...head, `Working Dir: ${oneLine(given.workingDir)}`],
    ['## Task', ...taskLines(taskText(given))],
    ['## Status', ...status, 'Last Action: Session created', 'Next: Investigation'],
    ['## Flow Log'],
    ['## Files', '(none yet)'],
    ['## Plans', '(none yet)'],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Replaces the worker's lines, wherever they stand, by one block at the beginning of the status. */
function withStatus(text: string, status: StatusBlock): string {
  return editMarkdown(text, (doc, editor) => {
    const found = findKeyLines(doc);
    const block = Object.entries(STATUS_LINES).flatMap(([key, name]) => {
      for (const { index } of found.get(name.toLowerCase()) ?? []) editor.remove(index);
      const value = status[key as keyof StatusBlock]; // the keys of STATUS_LINES are those of a block
      return value === undefined ? [] : [lineOf(name, oneLine(String(value)))];
    });
    const section = sectionNamed(doc, 'Status');
    if (section) editor.insert(section.start, block);
    else addSection(doc, editor, 'Status', block);
  });
}

function lineOf(name: string, value: string): string {
  return `${name}: ${value}`.trim();
}

function withLine(text: string, name: string, value: string): string {
  return editMarkdown(text, (doc, editor) => {
    const [existing] = findKeyLines(doc).get(name.toLowerCase()) ?? [];
    if (existing === undefined && name === OTHER_LINES.workingDir)
      editor.insert((titleHeading(doc)?.index ?? -1) + 1, [lineOf(name, value)]);
    else if (existing === undefined) append(doc, editor, 'Status', [lineOf(name, value)]);
    else if (existing.line.value !== value) editor.replace(existing.index, withValue(existing.line, value));
  });
}

function withFlow(text: string, lines: readonly string[]): string {
  return editMarkdown(text, (doc, editor) => {
    const known = new Set(flowKeysIn(doc));
    const missing = [...new Set(lines.map(flowKey))].filter((key) => key !== '' && !known.has(key));
    if (missing.length > 0)
      append(
        doc,
        editor,
        'Flow Log',
        missing.map((key) => `- ${key}`),
      );
  });
}

function withoutFlow(text: string, dropped: readonly string[]): string {
  const keys = new Set(dropped.map(flowKey));
  return editMarkdown(text, (doc, editor) => {
    const { start = 0, end = 0 } = sectionNamed(doc, 'Flow Log') ?? {};
    for (let index = start; index < end; index += 1)
      if (keys.has(flowKey(doc.lines[index] ?? ''))) editor.remove(index);
  });
}

type SectionName = (typeof OVERVIEW_SECTIONS)[number];

/** Appends lines to a section, which is added if it is missing. */
function append(doc: MarkdownLines, editor: LineEditor, name: SectionName, lines: readonly string[]): void {
  const section = sectionNamed(doc, name);
  if (section) editor.insert(endOfContent(doc, section), lines);
  else addSection(doc, editor, name, lines);
}

function addSection(
  doc: MarkdownLines,
  editor: LineEditor,
  name: SectionName,
  lines: readonly string[],
): void {
  const at = OVERVIEW_SECTIONS.indexOf(name);
  const later = OVERVIEW_SECTIONS.slice(at + 1).map((section) => sectionNamed(doc, section)?.heading);
  const index = later.find((heading) => heading !== undefined) ?? doc.lines.length;
  editor.insertBlock(index, [`## ${name}`, ...lines]);
}
