import type { PromptSource } from './prompt.ts';

export interface PromptFilling {
  /** What the user wrote behind the name, as far as the client handed it over. */
  words: string;
  /** The sessions as they stand, a line each. */
  sessions?: string;
  skill?: { name: string; text: string } | undefined;
}

/** The text that the model is given. */
export function fillPrompt(prompt: PromptSource, { words, sessions = '', skill }: PromptFilling): string {
  const values: Readonly<Record<string, string>> = {
    $ARGUMENTS: words || '(nothing given)',
    $SESSIONS: sessions,
  };
  // One pass: what the user wrote may hold the name of a place itself.
  const text = prompt.body.replace(/\$(?:ARGUMENTS|SESSIONS)\b/g, (place) => values[place] ?? place);
  const parts = [text];
  if (prompt.argument && !prompt.argument.isOneWord && /^\S+$/.test(words)) parts.push(ONE_WORD_ARRIVED);
  if (skill) parts.push(`The skill \`${skill.name}\`, for where it is not installed:\n\n${skill.text}`);
  return `${parts.join('\n\n')}\n`;
}

// Claude Code splits the line at blanks and hands over only the first word; the whole line stands in
// <command-args> beside this text.
const ONE_WORD_ARRIVED =
  'Some clients pass only the first word. If `command-args` beside this text has more, that counts; if it is plainly cut off, ask me for the rest before you begin.';
