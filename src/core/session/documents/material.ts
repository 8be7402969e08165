import { beginning, cut, visibleControls } from '../../kernel/text.ts';
import { oneLine } from './markdown-lines.ts';

/** Every character that some reader treats as a line end. */
export const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/**
 * Quotes text from others in Markdown, so that no line can pass for one of our headings, labels or fences, and an agent
 * reads nothing that a person would not see.
 * @param maxChars longer text is truncated, with a note
 * @param whole where to find the full text, if anywhere
 */
export function material(text: string, maxChars: number, whole?: string): string {
  const shown = beginning(text, maxChars);
  const quoted = shown
    .trimEnd()
    .split(LINE_END)
    .map((line) => `> ${visibleControls(line)}`.trimEnd())
    .join('\n');
  if (shown === text) return quoted;
  return `${quoted}\n\n(Shortened.${whole === undefined ? '' : ` The full text: ${whole}`})`;
}

/** A section with our heading and quoted text from others. */
export function materialSection(
  title: string,
  text: string,
  limit: { maxChars: number; whole: string },
): string {
  return `## ${title}\n\n${material(text, limit.maxChars, limit.whole)}\n`;
}

/** Short text from others inside one of our sentences: a branch, a file name, a plan phase. */
export function inlineMaterial(text: string): string {
  return `\`${cut(visibleControls(oneLine(text)).replaceAll('`', "'"), 300)}\``;
}
