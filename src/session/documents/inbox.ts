import { oneLine } from './markdown-lines.ts';

/** Guidance from a person for the next child. */
export interface InboxMessage {
  /** The ULID of the command that brought it; what a child acknowledges. */
  id: string;
  stamp: string;
  /** Where it came from: tool, cli, phone …; unknown for a file that somebody put there by hand. */
  channel: string | undefined;
  text: string;
}

const TITLE = '# Message from the human';

/** `01-08-1437-<id>.md`, in `_inbox/`. */
export function inboxFileName(message: { stamp: string; id: string }): string {
  return `${message.stamp}-${message.id}.md`;
}

/** The content of a message's file; the text stands in it word for word. */
export function inboxMessage(message: { id: string; stamp: string; channel: string; text: string }): string {
  const { id, stamp, channel, text } = message;
  return `${TITLE}\nId: ${oneLine(id)}\nAt: ${oneLine(stamp)}\nFrom: ${oneLine(channel)}\n\n${text}\n`;
}

/** Reads a message, also a plain text that a person left in the folder; never throws. */
export function readInboxMessage(fileName: string, content: string): InboxMessage {
  const { stamp, id } = partsOf(fileName);
  const text = content.replace(/^\uFEFF/, '');
  const head =
    /^# Message from the human\r?\nId: ([^\r\n]*)\r?\nAt: ([^\r\n]*)\r?\nFrom: ([^\r\n]*)\r?\n\r?\n/.exec(
      text,
    );
  if (!head) return { id, stamp, channel: undefined, text: text.replace(/\r?\n$/, '') };
  const [all, , at = '', channel = ''] = head;
  return { id, stamp: at || stamp, channel, text: text.slice(all.length).replace(/\n$/, '') };
}

/** File names in the order in which they are to be read: by the time in the id, then what people left by name. */
export function sortInbox(fileNames: readonly string[]): string[] {
  const keyed = fileNames
    .filter((name) => /^[^.].*\.md$/s.test(name))
    .map((name) => {
      const { id } = partsOf(name);
      // Ids count on over a new year, stamps do not.
      return { name, key: ULID.test(id) ? `0${id.toUpperCase()}` : `1${name}` };
    });
  keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  return keyed.map(({ name }) => name);
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;

function partsOf(fileName: string): { stamp: string; id: string } {
  const bare = fileName.replace(/\.md$/, '');
  const match = /^(\d\d-\d\d-\d\d):?(\d\d)-(.+)$/s.exec(bare);
  return match ? { stamp: `${match[1]}${match[2]}`, id: match[3] ?? '' } : { stamp: '', id: bare };
}
