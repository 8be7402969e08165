import { plainWords } from '../../base/plain-words.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';

/** What a person writes is handed to a child whole; more than this belongs into a file. */
const MAX_TEXT_CHARS = 100_000;

/** A person's text, trimmed and without control characters. @throws text_missing, text_too_long */
export function requireText(text: string, name: string): string {
  const trimmed = plainWords(text).trim();
  if (trimmed === '') throw ACTION_ERRORS.text_missing({ name });
  if (trimmed.length > MAX_TEXT_CHARS) {
    throw ACTION_ERRORS.text_too_long({ name, chars: trimmed.length, most: MAX_TEXT_CHARS });
  }
  return trimmed;
}
