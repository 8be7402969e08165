import { type LineEditor, newLineEditor } from './line-editor.ts';
import {
  endOfContent,
  isBlank,
  type MarkdownLines,
  oneLine,
  parseMarkdown,
  preamble,
  type Section,
  sectionNamed,
  titleHeading,
  withValue,
} from './markdown-lines.ts';
import {
  type Blocked,
  endOfEntry,
  type FoundLine,
  findKeyLines,
  flowKey,
  flowLines,
  holdsTask,
  OVERVIEW_SECTIONS,
  type OverviewSection,
  STATUS_LINES,
  type StatusKey,
  taskLines,
  taskText,
} from './overview.ts';

/** What to change in an overview; what is absent stays. Texts are written as one line. */
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
  /** Lines for the end of the flow log; one that already stands in it is not written again. */
  appendFlow?: readonly string[];
}

/** Changes the lines we own and adds missing ones in their place; every other byte stays. Never throws. */
export function changeOverview(text: string, change: OverviewChange): string {
  const doc = parseMarkdown(text);
  const editor = newLineEditor(doc);
  const found = findKeyLines(doc);
  if (change.workingDir !== undefined) changeWorkingDir(doc, editor, found, oneLine(change.workingDir));
  const status = () => changeStatus(doc, editor, found, change);
  inOrder(doc, status, () => appendFlow(doc, editor, change.appendFlow ?? []));
  return editor.render();
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
 * Puts back what a child dropped: the task text, and lines of the flow log between their old neighbours.
 * @param kept `task` as `taskText` gives it; `flow` in its order, oldest first
 */
export function restoreLost(text: string, kept: { task: string; flow: readonly string[] }): string {
  const doc = parseMarkdown(text);
  const editor = newLineEditor(doc);
  const task = () => restoreTask(doc, editor, kept.task);
  inOrder(doc, task, () => restoreFlow(doc, editor, kept.flow));
  return editor.render();
}

/**
 * Both may insert at one line: entries of a flow log that exists must end it before another section
 * begins there, while a new flow log comes after the section that belongs before it.
 */
function inOrder(doc: MarkdownLines, section: () => void, flow: () => void): void {
  const acts = sectionNamed(doc, 'Flow Log') ? [flow, section] : [section, flow];
  for (const act of acts) act();
}

function changeWorkingDir(
  doc: MarkdownLines,
  editor: LineEditor,
  found: ReadonlyMap<string, FoundLine[]>,
  value: string,
): void {
  const there = found.get('working dir');
  if (there) {
    rewrite(editor, there, value);
    return;
  }
  const started = found.get('started')?.[0]?.index ?? -1;
  // A "Started" line inside Status is no place for it.
  const isAbove = started >= 0 && started < preamble(doc).end;
  const after = isAbove ? started : (titleHeading(doc)?.index ?? -1);
  editor.insert(after + 1, [`Working Dir: ${value}`.trim()]);
}

function changeStatus(
  doc: MarkdownLines,
  editor: LineEditor,
  found: ReadonlyMap<string, FoundLine[]>,
  change: OverviewChange,
): void {
  const missing: { key: StatusKey; body: string }[] = [];
  for (const key of Object.keys(STATUS_LINES) as StatusKey[]) {
    // its keys are the type
    const value = change[key];
    if (value === undefined) continue;
    const there = found.get(STATUS_LINES[key].toLowerCase());
    if (value === null) for (const { index } of there ?? []) editor.remove(index);
    else if (there) rewrite(editor, there, oneLine(String(value)));
    else missing.push({ key, body: `${STATUS_LINES[key]}: ${oneLine(String(value))}`.trim() });
  }
  const status = sectionNamed(doc, 'Status');
  if (!status && missing.length > 0) {
    addSection(
      doc,
      editor,
      'Status',
      missing.map(({ body }) => body),
    );
  } else if (status) {
    for (const { key, body } of missing) editor.insert(placeInStatus(status, found, key), [body]);
  }
}

function rewrite(editor: LineEditor, there: readonly FoundLine[], value: string): void {
  for (const { index, line } of there) {
    if (line.value !== value) editor.replace(index, withValue(line, value));
  }
}

/** After the nearest line that belongs before it, else before the nearest that belongs after it. */
function placeInStatus(status: Section, found: ReadonlyMap<string, FoundLine[]>, key: StatusKey): number {
  const order = Object.keys(STATUS_LINES) as StatusKey[]; // its keys are the type
  const at = order.indexOf(key);
  const indexOf = (other: StatusKey) => {
    const lines = found.get(STATUS_LINES[other].toLowerCase()) ?? [];
    return lines.findLast(({ index }) => index >= status.start && index < status.end)?.index;
  };
  for (const other of order.slice(0, at).reverse()) {
    const index = indexOf(other);
    if (index !== undefined) return index + 1;
  }
  const later = order
    .slice(at + 1)
    .map(indexOf)
    .find((index) => index !== undefined);
  return later ?? status.start;
}

function appendFlow(doc: MarkdownLines, editor: LineEditor, lines: readonly string[]): void {
  const known = new Set(flowLines(doc).map(({ key }) => key));
  const fresh = [...new Set(lines.map(flowKey))].filter((key) => key !== '' && !known.has(key));
  if (fresh.length === 0) return;
  const section = sectionNamed(doc, 'Flow Log');
  const items = fresh.map((key) => `- ${key}`);
  if (section) editor.insert(endOfContent(doc, section), items);
  else addSection(doc, editor, 'Flow Log', items);
}

function addSection(
  doc: MarkdownLines,
  editor: LineEditor,
  name: OverviewSection,
  lines: readonly string[],
): void {
  const at = OVERVIEW_SECTIONS.indexOf(name);
  const later = OVERVIEW_SECTIONS.slice(at + 1).map((section) => sectionNamed(doc, section)?.heading);
  const index = later.find((heading) => heading !== undefined) ?? doc.lines.length;
  editor.insertBlock(index, [`## ${name}`, ...lines]);
}

function restoreTask(doc: MarkdownLines, editor: LineEditor, task: string): void {
  if (isBlank(task)) return;
  const section = sectionNamed(doc, 'Task');
  const lines = taskLines(task);
  if (!section) {
    addSection(doc, editor, 'Task', lines);
  } else if (!holdsTask(doc.lines.slice(section.start), task)) {
    // Looked for to the end of the file: an older task may hold headings of its own.
    editor.insert(section.start, lines);
    if (!isBlank(doc.lines[section.start] ?? '')) editor.insert(section.start, ['']);
  }
}

function restoreFlow(doc: MarkdownLines, editor: LineEditor, flow: readonly string[]): void {
  const entries = flowLines(doc);
  const indexes = new Map(entries.map(({ index, key }) => [key, index] as const));
  const keys = [...new Set(flow.map(flowKey))].filter((key) => key !== '');
  if (keys.every((key) => indexes.has(key))) return;
  const section = sectionNamed(doc, 'Flow Log');
  if (!section) {
    const items = keys.map((key) => `- ${key}`);
    addSection(doc, editor, 'Flow Log', items);
    return;
  }
  const firstKept = keys.find((key) => indexes.has(key));
  let index = firstKept === undefined ? entries[0]?.index : indexes.get(firstKept);
  index ??= endOfContent(doc, section);
  for (const key of keys) {
    const present = indexes.get(key);
    if (present === undefined) editor.insert(index, [`- ${key}`]);
    else index = endOfEntry(doc, section, present);
  }
}
