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
  type Section,
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
  lastAction: string | undefined;
  next: string | undefined;
  /** Without list markers, oldest first. */
  flow: string[];
}

export const STATUS_LINES = {
  phase: 'Phase',
  iteration: 'Iteration',
  totalIterations: 'Total Iterations',
  blocked: 'Blocked',
  qualityIteration: 'Quality Iteration',
  lastAction: 'Last Action',
  next: 'Next',
} as const;

const OVERVIEW_SECTIONS = ['Task', 'Status', 'Flow Log', 'Files', 'Plans'] as const;

/** Reads an overview written by agents, people or the original tool; never throws. */
export function readOverview(text: string): OverviewReading {
  const doc = parseMarkdown(text);
  const found = findKeyLines(doc);
  const value = (key: string) => found.get(key.toLowerCase())?.[0]?.line.value;
  const phase = value(STATUS_LINES.phase);
  const task = sectionNamed(doc, 'Task');
  return {
    workingDir: value('Working Dir'),
    task: taskFrom(doc.lines.slice(task?.start ?? 0, task?.end ?? 0)),
    phase: phase && plainValue(phase),
    iteration: parseCount(value(STATUS_LINES.iteration)),
    totalIterations: parseCount(value(STATUS_LINES.totalIterations)),
    blocked: parseBlocked(value(STATUS_LINES.blocked)),
    lastAction: value(STATUS_LINES.lastAction),
    next: value(STATUS_LINES.next),
    flow: flowLines(doc).map(({ key }) => key),
  };
}

/** The lines with known keys, by key in lower case: those in Status first, then those above the sections. */
export function findKeyLines(doc: MarkdownLines): Map<string, FoundLine[]> {
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

/** The lines that begin a flow log entry: list items, and stamps without a list marker. */
function flowLines(doc: MarkdownLines): { index: number; key: string }[] {
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

/** The end of an entry: after its line and its indented continuation lines. */
function endOfEntry(doc: MarkdownLines, section: Section, index: number): number {
  let end = index + 1;
  while (end < section.end && /^[ \t]+[^ \t\r\n\-*+[]/.test(doc.lines[end] ?? '')) end += 1;
  return end;
}

const KNOWN_KEYS = new Set(['Working Dir', ...Object.values(STATUS_LINES)].map((key) => key.toLowerCase()));

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
export function taskText(given: { task?: string | undefined; dive?: string | undefined }): string {
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

/** Whether the lines contain the consecutive lines of the task, quoted or not, ignoring trailing spaces. */
export function containsTask(lines: readonly string[], task: string): boolean {
  const plain = trimBlankLines(task).split('\n');
  const hay = comparable(lines);
  return hay.includes(comparable(plain)) || hay.includes(comparable(taskLines(task)));
}

/** Identifies a line of the flow log: its text without the list marker. */
export function flowKey(line: string): string {
  const text = oneLine(line);
  return listItem(text) ?? text;
}

function comparable(lines: readonly string[]): string {
  return `\n${lines.map((line) => line.trimEnd()).join('\n')}\n`;
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

/** Changes to an overview; absent fields stay as they are. Each text is written on one line. */
export interface OverviewChange {
  phase?: string;
  iteration?: number;
  totalIterations?: number;
  blocked?: Blocked;
  /** Null removes the line. */
  qualityIteration?: number | null;
  lastAction?: string;
  next?: string;
  workingDir?: string;
  /** Lines to append to the flow log; those already in it are skipped. */
  appendFlow?: readonly string[];
}

/** Changes the worker's lines and inserts missing ones in order; every other byte is unchanged. Never throws. */
export function changeOverview(text: string, change: OverviewChange): string {
  const { workingDir, appendFlow = [] } = change;
  const moved = workingDir === undefined ? text : withWorkingDir(text, oneLine(workingDir));
  return withFlow(withStatus(moved, change), appendFlow);
}

/** The overview of a new session. `started` is `YYYY-MM-DD HH:MM`. */
export function newOverview(given: {
  title: string;
  started: string;
  workingDir: string;
  task?: string | undefined;
  dive?: string | undefined;
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

/**
 * Restores what an agent dropped: the task text, and lines of the flow log between their old neighbours.
 * @param kept `task` as returned by `taskText`; `flow` oldest first
 */
export function restoreLost(text: string, kept: { task: string; flow: readonly string[] }): string {
  return withLostFlow(withTask(text, kept.task), kept.flow);
}

function withWorkingDir(text: string, value: string): string {
  return editMarkdown(text, (doc, editor) => {
    const existing = findKeyLines(doc).get('working dir');
    if (existing) rewrite(editor, existing, value);
    else editor.insert((titleHeading(doc)?.index ?? -1) + 1, [`Working Dir: ${value}`.trim()]);
  });
}

function withStatus(text: string, change: OverviewChange): string {
  return editMarkdown(text, (doc, editor) => {
    const found = findKeyLines(doc);
    const status = sectionNamed(doc, 'Status');
    const missing: string[] = [];
    // A missing line is inserted after the last known line that belongs before it.
    let place = status?.start ?? 0;
    for (const [key, name] of Object.entries(STATUS_LINES)) {
      const value = change[key as keyof typeof STATUS_LINES]; // the keys of STATUS_LINES are those of its type
      const existing = found.get(name.toLowerCase()) ?? [];
      if (value === null) for (const { index } of existing) editor.remove(index);
      else if (value !== undefined && existing.length > 0) rewrite(editor, existing, oneLine(String(value)));
      else if (value !== undefined) {
        const line = `${name}: ${oneLine(String(value))}`.trim();
        if (status) editor.insert(place, [line]);
        else missing.push(line);
      }
      const last = existing.findLast(({ index }) => status && index >= status.start && index < status.end);
      if (last) place = last.index + 1;
    }
    if (missing.length > 0) addSection(doc, editor, 'Status', missing);
  });
}

function rewrite(editor: LineEditor, existing: readonly FoundLine[], value: string): void {
  for (const { index, line } of existing) {
    if (line.value !== value) editor.replace(index, withValue(line, value));
  }
}

function withFlow(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text;
  return editMarkdown(text, (doc, editor) => {
    const known = new Set(flowLines(doc).map(({ key }) => key));
    const items = flowKeys(lines).flatMap((key) => (known.has(key) ? [] : [`- ${key}`]));
    const section = sectionNamed(doc, 'Flow Log');
    if (section) editor.insert(endOfContent(doc, section), items);
    else if (items.length > 0) addSection(doc, editor, 'Flow Log', items);
  });
}

function flowKeys(lines: readonly string[]): string[] {
  return [...new Set(lines.map(flowKey))].filter((key) => key !== '');
}

function addSection(
  doc: MarkdownLines,
  editor: LineEditor,
  name: (typeof OVERVIEW_SECTIONS)[number],
  lines: readonly string[],
): void {
  const at = OVERVIEW_SECTIONS.indexOf(name);
  const later = OVERVIEW_SECTIONS.slice(at + 1).map((section) => sectionNamed(doc, section)?.heading);
  const index = later.find((heading) => heading !== undefined) ?? doc.lines.length;
  editor.insertBlock(index, [`## ${name}`, ...lines]);
}

function withTask(text: string, task: string): string {
  if (isBlank(task)) return text;
  return editMarkdown(text, (doc, editor) => {
    const section = sectionNamed(doc, 'Task');
    const lines = taskLines(task);
    if (!section) {
      addSection(doc, editor, 'Task', lines);
    } else if (!containsTask(doc.lines.slice(section.start), task)) {
      // The search continues to the end of the file, because an older task might contain headings.
      const isSetApart = isBlank(doc.lines[section.start] ?? '');
      editor.insert(section.start, isSetApart ? lines : [...lines, '']);
    }
  });
}

function withLostFlow(text: string, flow: readonly string[]): string {
  return editMarkdown(text, (doc, editor) => {
    const entries = flowLines(doc);
    const indexes = new Map(entries.map(({ index, key }) => [key, index] as const));
    const keys = flowKeys(flow);
    const section = sectionNamed(doc, 'Flow Log');
    if (!section) {
      const items = keys.map((key) => `- ${key}`);
      if (items.length > 0) addSection(doc, editor, 'Flow Log', items);
      return;
    }
    let place = entries[0]?.index ?? endOfContent(doc, section);
    for (const key of keys) {
      const present = indexes.get(key);
      if (present === undefined) editor.insert(place, [`- ${key}`]);
      else place = endOfEntry(doc, section, present);
    }
  });
}
