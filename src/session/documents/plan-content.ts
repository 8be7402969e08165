import { type KeyLine, parseKeyLine } from './key-line.ts';
import { lineBody, listItem, type MarkdownLines, parseHeading, parseMarkdown } from './markdown-lines.ts';

/** What a plan says, apart from what its execution may change in it: boxes are open, completion lines left out. */
export interface PlanContent {
  /** What an approval covers: everything but the plain paragraphs of the Notes section. */
  lines: string[];
  /** All lines of the Notes section, without its heading. */
  notes: string[];
}

const BOX = /^([ \t]{0,40}(?:[-*+]|\d{1,4}[.)])[ \t]{1,8})\[[ xX]\](?=\s|$)/;
// Only a stamp may follow: whatever else stood there would escape the approval.
const COMPLETED = /^\*\*Phase \d{1,4} completed\*\*[\s\d:@.,()[\]-]{0,40}$/i;

/**
 * Cuts a plan down to what an approval covers. Blank lines outside code are left out, because a
 * completion line usually brings its own; trailing blanks are cut off.
 */
export function planContent(text: string): PlanContent {
  const doc = parseMarkdown(text);
  const end = notesHeading(doc) ?? doc.lines.length;
  const beforeNotes: string[] = [];
  for (let index = 0; index < end; index += 1) {
    const body = lineBody(doc.lines[index] ?? '').trimEnd();
    if (doc.isFenced(index)) beforeNotes.push(body);
    else if (body !== '' && !isCompletion(body)) beforeNotes.push(openBox(body));
  }
  const { notes, covered } = notesFrom(doc, end + 1);
  // With the heading, so that work moved into the notes differs from work above them.
  const lines = covered.length > 0 ? [...beforeNotes, '## Notes', ...covered] : beforeNotes;
  return { lines, notes };
}

/** A child reads the whole file: what looks like work to do needs a yes wherever it stands. */
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
    if (isFile || isWork(body, key) || (!doc.isFenced(index) && parseHeading(body))) covered.push(line);
    isListingFiles = isFile || (key?.key === 'files' && key.value === '');
  }
  return { notes, covered };
}

/** Output that a note quotes often has lines that begin with "#", but none like these, in a code block or not. */
function isWork(body: string, key: KeyLine | undefined): boolean {
  return key?.key === 'files' || key?.key === 'check' || BOX.test(body) || PHASE_HEADING.test(body);
}

const PHASE_HEADING = /^ {0,3}#{1,6}[ \t]{1,8}Phase[ \t]{1,4}\d/i;

function openBox(body: string): string {
  return body.includes('[') ? body.replace(BOX, '$1[ ]') : body;
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
