import { fingerprint } from '../../base/files/fingerprint.ts';
import type { PullRequestWords } from '../../forge/forge.ts';

const MARK = /\n*<!-- samocode text ([0-9a-f]{12}) ([0-9a-f]{12}) -->$/;

/** Appends a comment that shows later whether somebody has edited the text or its title. */
export function marked({ title, body }: PullRequestWords): string {
  return `${plain(body)}\n\n<!-- samocode text ${hashOf(title)} ${hashOf(body)} -->\n`;
}

/** What was edited since samocode wrote it. A text without the comment was written by a person. */
export function editedSince({ title, body }: PullRequestWords): { title: boolean; body: boolean } {
  const text = plain(body);
  const [mark, ofTitle, ofBody] = MARK.exec(text) ?? [];
  if (mark === undefined) return { title: true, body: true };
  return { title: hashOf(title) !== ofTitle, body: hashOf(text.slice(0, -mark.length)) !== ofBody };
}

function hashOf(text: string): string {
  return fingerprint(plain(text)).slice(0, 12);
}

/** GitHub converts line ends, and its editor removes the last one. */
export function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}
