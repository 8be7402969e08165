import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import type { TitleAndBody } from '../forge/github.ts';

const MARK = /\n*<!-- samocode text ([0-9a-f]{12}) ([0-9a-f]{12}) -->$/;

/** Appends a comment with hashes, by which later edits to the title or the text are detected. */
export function marked({ title, body }: TitleAndBody): string {
  return `${plain(body)}\n\n<!-- samocode text ${hashOf(title)} ${hashOf(body)} -->\n`;
}

/** Which parts were edited since samocode wrote them. A text without the comment was written by a person. */
export function editedSince({ title, body }: TitleAndBody): { title: boolean; body: boolean } {
  const text = plain(body);
  const [mark, ofTitle, ofBody] = MARK.exec(text) ?? [];
  if (mark === undefined) return { title: true, body: true };
  return { title: hashOf(title) !== ofTitle, body: hashOf(text.slice(0, -mark.length)) !== ofBody };
}

function hashOf(text: string): string {
  return fingerprint(plain(text)).slice(0, 12);
}

/** GitHub converts line endings, and its editor removes the last one. */
export function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}
