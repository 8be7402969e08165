import { SamocodeError } from '../base/errors.ts';
import { plainWords } from '../base/plain-words.ts';

/** What a person writes is handed to a child whole; more than this belongs into a file. */
const MAX_TEXT_CHARS = 100_000;

/** A person's text, trimmed and without control characters. @throws TextMissingError, TextTooLongError */
export function requireText(text: string, name: string): string {
  const trimmed = plainWords(text).trim();
  if (trimmed === '') throw new TextMissingError(name);
  if (trimmed.length > MAX_TEXT_CHARS) throw new TextTooLongError(name, trimmed.length);
  return trimmed;
}

class TextMissingError extends SamocodeError {
  readonly code = 'text_missing';

  constructor(name: string) {
    super('Nothing was sent.', `The ${name} is empty.`, `Put the person's own words into ${name}.`);
  }
}

class TextTooLongError extends SamocodeError {
  readonly code = 'text_too_long';

  constructor(name: string, chars: number) {
    super(
      'Nothing was sent.',
      `The ${name} has ${chars} characters; at most ${MAX_TEXT_CHARS} are taken.`,
      'Put the long part into a file of the project and name it here.',
    );
  }
}
