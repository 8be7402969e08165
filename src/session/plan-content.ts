import { isBlank, lineBody, type MarkdownLines, parseMarkdown } from './markdown-lines.ts';

/** What a plan says, apart from what its execution may change in it. */
export interface PlanContent {
  /** Trailing blanks off, boxes open, blank lines and completion lines left out. */
  lines: string[];
  /** The lines of the Notes section, without its heading. */
  notes: string[];
}

const BOX = /^([ \t]{0,40}(?:[-*+]|\d{1,4}[.)])[ \t]{1,8})\[[ xX]\](?=\s|$)/;
// Only a stamp may follow: whatever else stood there would escape the approval.
const COMPLETED = /^\*\*Phase \d{1,4} completed\*\*[\s\d:@.,()[\]-]{0,40}$/i;

/**
 * Cuts a plan down to what an approval covers. Blank lines outside code are left out, because a
 * completion line usually brings its own.
 */
export function planContent(text: string): PlanContent {
  const doc = parseMarkdown(text);
  const end = notesHeading(doc) ?? doc.lines.length;
  const lines: string[] = [];
  for (let index = 0; index < end; index += 1) {
    const body = lineBody(doc.lines[index] ?? '').trimEnd();
    if (doc.isFenced(index)) lines.push(body);
    else if (body !== '' && !isCompletion(body))
      lines.push(body.includes('[') ? body.replace(BOX, '$1[ ]') : body);
  }
  const notes = doc.lines.slice(end + 1).filter((line) => !isBlank(line));
  return { lines, notes: notes.map((line) => line.trimEnd()) };
}

/**
 * The line of the `## Notes` heading, when it is the plan's last section. Elsewhere it is content like
 * any other: two of them, or a section behind it, must not hide anything from an approval.
 */
export function notesHeading(doc: MarkdownLines): number | undefined {
  const last = doc.headings.findLast(({ level }) => level <= 2);
  return last?.level === 2 && /^notes:?$/i.test(last.text) ? last.index : undefined;
}

export function isCompletion(line: string): boolean {
  const body = line.trim();
  return body.startsWith('**') && COMPLETED.test(body);
}
