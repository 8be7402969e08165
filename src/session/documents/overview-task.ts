import { isBlank, lineBody, listItem, oneLine } from './markdown-lines.ts';

/** What the `## Task` section of a session says, from what the person gave: a task, a dive topic or both. */
export function taskText(given: { task?: string | undefined; dive?: string | undefined }): string {
  const dive = given.dive?.trim() ? `Dive: ${given.dive.trim()}` : '';
  return [trimBlankLines(given.task ?? ''), dive].filter((part) => part !== '').join('\n\n');
}

/**
 * The task as lines for the overview. Text that would be read as a section, a fence or a quotation of
 * ours is quoted whole, so that every word stays and none of it means anything to a reader of sections.
 */
export function taskLines(task: string): string[] {
  const lines = trimBlankLines(task).split('\n');
  const mustQuote = lines.some((line) => /^\s*(#{1,2}(\s|$)|>|```|~~~)/.test(line));
  return mustQuote ? lines.map((line) => (line === '' ? '>' : `> ${line}`)) : lines;
}

/** The task that the lines of a `## Task` section hold. */
export function taskFrom(lines: readonly string[]): string {
  const bodies = trimBlankLines(lines.map(lineBody).join('\n')).split('\n');
  const isQuoted = bodies.every((body) => body.startsWith('>'));
  return (isQuoted ? bodies.map((body) => body.replace(/^> ?/, '')) : bodies).join('\n');
}

/** Whether the lines hold the task one line after the other, quoted or not, trailing blanks aside. */
export function holdsTask(lines: readonly string[], task: string): boolean {
  const plain = trimBlankLines(task).split('\n');
  const hay = comparable(lines);
  return hay.includes(comparable(plain)) || hay.includes(comparable(taskLines(task)));
}

/** What makes two lines of the flow log the same one: their text without the list marker. */
export function flowKey(line: string): string {
  const text = oneLine(line);
  return listItem(text) ?? text;
}

function comparable(lines: readonly string[]): string {
  return `\n${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** One kind of line ending, and no blank lines at either end. */
function trimBlankLines(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  let start = 0;
  let end = lines.length;
  while (start < end && isBlank(lines[start] ?? '')) start += 1;
  while (end > start && isBlank(lines[end - 1] ?? '')) end -= 1;
  return lines.slice(start, end).join('\n');
}
