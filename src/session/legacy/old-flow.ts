import { newLineEditor } from '../documents/line-editor.ts';
import { lineBody, parseMarkdown, sectionNamed } from '../documents/markdown-lines.ts';
import { endOfEntry, flowLines } from '../documents/overview.ts';
import { flowKey } from '../documents/overview-task.ts';

/** Entries of the flow log with which an overview is made shorter, and those that it keeps then. */
export const MOST_FLOW_ENTRIES = 500;
export const KEPT_FLOW_ENTRIES = 250;

/** Stands on top of a flow log whose older entries lie elsewhere. It is no entry itself. */
export const OLDER_FLOW_NOTE = '(older lines: _logs/flow-log.md)';

export interface OldEntry {
  /** Its first line without the list marker. */
  key: string;
  /** As it stood there, its own indented lines with it, LF at the end. */
  text: string;
}

/** How many entries the flow log of an overview has. */
export function countFlow(text: string): number {
  return flowLines(parseMarkdown(text)).length;
}

/**
 * The overview without the older entries of its flow log; every other byte stays.
 * @param keep how many of the newest stay in any case
 * @param mayGo whether an older one may be taken out
 * @returns what was taken out with it, oldest first; undefined when that is nothing
 */
export function withoutOldFlow(
  text: string,
  keep: number,
  mayGo: (key: string) => boolean,
): { text: string; entries: OldEntry[] } | undefined {
  const doc = parseMarkdown(text);
  const section = sectionNamed(doc, 'Flow Log');
  const old = flowLines(doc)
    .slice(0, -keep)
    .filter(({ key }) => mayGo(key));
  if (section === undefined || old.length === 0) return undefined;
  const gone = new Set<number>();
  const entries = old.map(({ index, key }) => {
    const end = endOfEntry(doc, section, index);
    for (let line = index; line < end; line += 1) gone.add(line);
    const lines = doc.lines.slice(index, end).map((line) => `${lineBody(line)}\n`);
    return { key, text: lines.join('') };
  });
  const left = doc.lines.filter((_, index) => !gone.has(index));
  return { text: withOlderFlowNote(doc.bom + left.join('')), entries };
}

/** The overview with a word on where the older entries are, on top of its flow log. */
export function withOlderFlowNote(text: string): string {
  const doc = parseMarkdown(text);
  const section = sectionNamed(doc, 'Flow Log');
  if (section === undefined) return text;
  const lines = doc.lines.slice(section.start, section.end);
  if (lines.some((line) => lineBody(line).trim() === OLDER_FLOW_NOTE)) return text;
  const editor = newLineEditor(doc);
  editor.insert(section.start, [OLDER_FLOW_NOTE]);
  return editor.render();
}

/** Of `entries`, those that the text does not hold yet, as text to be written behind it. */
export function missingEntries(text: string, entries: readonly OldEntry[]): string {
  const known = new Set(text.split('\n').map(flowKey));
  return entries
    .filter(({ key }) => !known.has(key))
    .map((entry) => entry.text)
    .join('');
}
