import {
  editMarkdown,
  endOfContent,
  isBlank,
  type LineEditor,
  type MarkdownLines,
  oneLine,
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
 * Puts back what a child dropped: the task text, and lines of the flow log between their old neighbours.
 * @param kept `task` as `taskText` gives it; `flow` in its order, oldest first
 */
export function restoreLost(text: string, kept: { task: string; flow: readonly string[] }): string {
  return withLostFlow(withTask(text, kept.task), kept.flow);
}

function withWorkingDir(text: string, value: string): string {
  return editMarkdown(text, (doc, editor) => {
    const there = findKeyLines(doc).get('working dir');
    if (there) rewrite(editor, there, value);
    else editor.insert((titleHeading(doc)?.index ?? -1) + 1, [`Working Dir: ${value}`.trim()]);
  });
}

function withStatus(text: string, change: OverviewChange): string {
  return editMarkdown(text, (doc, editor) => {
    const found = findKeyLines(doc);
    const status = sectionNamed(doc, 'Status');
    const missing: string[] = [];
    // Behind the last line of ours that belongs before the one at hand.
    let place = status?.start ?? 0;
    for (const [key, name] of Object.entries(STATUS_LINES)) {
      const value = change[key as StatusKey]; // its keys are the type
      const there = found.get(name.toLowerCase()) ?? [];
      if (value === null) for (const { index } of there) editor.remove(index);
      else if (value !== undefined && there.length > 0) rewrite(editor, there, oneLine(String(value)));
      else if (value !== undefined) {
        const line = `${name}: ${oneLine(String(value))}`.trim();
        if (status) editor.insert(place, [line]);
        else missing.push(line);
      }
      const last = there.findLast(({ index }) => status && index >= status.start && index < status.end);
      if (last) place = last.index + 1;
    }
    if (missing.length > 0) addSection(doc, editor, 'Status', missing);
  });
}

function rewrite(editor: LineEditor, there: readonly FoundLine[], value: string): void {
  for (const { index, line } of there) {
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
  name: OverviewSection,
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
    } else if (!holdsTask(doc.lines.slice(section.start), task)) {
      // Looked for to the end of the file: an older task may hold headings of its own.
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
