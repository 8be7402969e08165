import { oneLine } from './markdown-lines.ts';

/** `01-08-1437-<id>.md`, in `_inbox/`; the id is the ULID of the command that sent it. */
export function inboxFileName(message: { stamp: string; id: string }): string {
  return `${message.stamp}-${message.id}.md`;
}

/** The contents of the file for a message from a person to the next agent; includes the text verbatim. */
export function inboxMessage(message: { id: string; stamp: string; channel: string; text: string }): string {
  const { id, stamp, channel, text } = message;
  return `# Message from the human\nId: ${oneLine(id)}\nAt: ${oneLine(stamp)}\nFrom: ${oneLine(channel)}\n\n${text}\n`;
}

const HEAD = /^# Message from the human\r?\n(?:(?:Id|At|From): [^\r\n]*\r?\n){3}\r?\n/;

/** Parses a message: its text, and the id by which an agent acknowledges it. Never throws. */
export function readInboxMessage(fileName: string, content: string): { id: string; text: string } {
  return { id: idIn(fileName), text: content.replace(HEAD, '').replace(/\n$/, '') };
}

/** Sorts message files by the time in their ids, because stamps have no year. */
export function sortInbox(fileNames: readonly string[]): string[] {
  const names = fileNames.filter((name) => idIn(name) !== '');
  return names.sort((a, b) => (idIn(a) < idIn(b) ? -1 : 1));
}

function idIn(fileName: string): string {
  return /-([0-7][0-9A-HJKMNP-TV-Z]{25})\.md$/.exec(fileName)?.[1] ?? '';
}
