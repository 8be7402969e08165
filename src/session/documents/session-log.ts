import { oneLine } from './markdown-lines.ts';

/**
 * One line of `session.log`, its LF included.
 * @param stamp `MM-DD HH:MM`
 */
export function sessionLogLine(stamp: string, text: string): string {
  return `[${stamp}] ${oneLine(text)}\n`;
}
