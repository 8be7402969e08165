import { SamocodeError } from '../base/errors.ts';
import { slugOf } from '../session/slug.ts';

const MAX_NAME = 60;

/**
 * A session's name as a person gave it: lower-case words, digits and hyphens, blanks become hyphens.
 * @throws BadSessionNameError for anything else, above all what could leave SESSIONS
 */
export function sessionName(given: string): string {
  const name = given.trim().toLowerCase().replace(/\s+/gu, '-');
  const isName = /^[\p{L}\p{N}]+(?:-+[\p{L}\p{N}]+)*$/u.test(name);
  if (!isName || [...name].length > MAX_NAME) throw new BadSessionNameError(given);
  return name;
}

/** A name made of the words of a task. */
export function nameFromTask(text: string): string {
  return slugOf(text, 40) || 'session';
}

export class BadSessionNameError extends SamocodeError {
  readonly code = 'bad_session_name';

  constructor(given: string) {
    const better = slugOf(given, MAX_NAME);
    super(
      'No session was started.',
      `${JSON.stringify(given.slice(0, 80))} is no session name: words, digits and hyphens, at most ${MAX_NAME} characters.`,
      better
        ? `Take for instance "${better}", or leave the name out.`
        : 'Leave the name out to get one from the task.',
    );
  }
}
