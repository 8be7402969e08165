import { parseMarkdown, sectionNamed } from './markdown-lines.ts';

/** The section of a dive with what its agent took from the chat that the session carries on. */
export const CHAT_SECTION = 'From the chat';

/** The text of that section; undefined if the dive has none, or an empty one. */
export function chatSection(dive: string): string | undefined {
  const doc = parseMarkdown(dive);
  const section = sectionNamed(doc, CHAT_SECTION);
  const lines = doc.lines.slice(section?.start, section?.end);
  return (section && lines.join('').trim()) || undefined;
}
