import { beginning } from '../../../core/kernel/text.ts';

/** A document that agents read, of paragraphs. */
export function boundedDocument(parts: readonly string[], maxChars: number): string {
  const text = parts.join('\n\n');
  return `${text.length > maxChars ? `${beginning(text, maxChars)}\n\n(Truncated.)` : text}\n`;
}
