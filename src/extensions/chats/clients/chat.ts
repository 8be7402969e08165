import { orNothing } from '../../../core/kernel/errors.ts';
import { linesFrom } from '../../../core/kernel/files/lines.ts';
import { openPlainHandle } from '../../../core/kernel/files/plain-file.ts';

/** A chat of a program on this machine. */
export interface FoundChat {
  client: 'Claude Code' | 'Codex' | 'opencode';
  id: string;
  /** Its transcript, or what its program gave instead of one. */
  source: { path: string } | { pieces: readonly ChatPiece[] };
}

/** What a transcript contributes, in its order. */
export type ChatPiece =
  /** The folder in which the chat works; the first one is that of its start. */
  | { kind: 'place'; cwd: string }
  /** @property after what it follows: a text that follows the same as an earlier one replaces it and all since. */
  | { kind: 'person'; text: string; after?: string }
  /** @property message texts of the same one belong together. */
  | { kind: 'agent'; text: string; message?: string }
  /** The person took back the newest turns. */
  | { kind: 'undone'; turns: number }
  /** A tool changed these files; `call` is the id of its call. */
  | { kind: 'changed'; paths: string[]; call?: string }
  | { kind: 'failed'; call: string };

export type ReadLine = (line: string) => ChatPiece[];

/** Pictures make lines long; what is longer is left out. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * The pieces of a transcript as it is at the beginning of the reading. A last line without its line feed is still
 * being written, and is left out.
 * @param fromEnd only the last bytes; the line in which they begin is left out
 */
export async function* piecesInFile(
  path: string,
  read: ReadLine,
  { fromEnd = Number.POSITIVE_INFINITY } = {},
): AsyncGenerator<ChatPiece> {
  const opened = orNothing(() => openPlainHandle(path));
  if (opened?.kind !== 'opened') return;
  try {
    const { size } = opened.handle.stat();
    const begin = Math.max(0, size - fromEnd);
    for await (const { text, end } of linesFrom(opened.handle, begin, { maxLineBytes: MAX_LINE_BYTES })) {
      if (end > size) return;
      if (text !== undefined) yield* read(text);
    }
  } finally {
    opened.handle.close();
  }
}

/** The text without what a program adds to the words of a person. */
export function personsWords(text: string): string {
  const [, request = text] = IDE_REQUEST.exec(text) ?? [];
  const [, command, words] = COMMAND.exec(request) ?? [];
  if (command !== undefined) return words === undefined ? '' : `${command} ${words.trim()}`;
  const own = request.replace(ADDED, '').trim();
  return NOT_WRITTEN.test(own) ? '' : own;
}

/** Extensions of editors put the state of the editor before the request. */
const IDE_REQUEST = /^# Context from my IDE setup:[\s\S]*?\n## My request for Codex:\n([\s\S]*)$/;

const COMMAND =
  /^\s*(?:<command-message>[^<]*<\/command-message>\s*)?<command-name>([^<]*)<\/command-name>(?:[\s\S]*?<command-args>\s*([\s\S]*?\S)\s*<\/command-args>)?/;

const ADDED =
  /<(system-reminder|ide_selection|ide_opened_file|ide_diagnostics|local-command-(?:stdout|stderr|caveat)|bash-(?:input|stdout|stderr)|user-memory-input|task-notification|environment_context|user_instructions|turn_aborted|user_shell_command|subagent_notification)(?: [^>]*)?>[\s\S]*?<\/\1>/g;

const NOT_WRITTEN =
  /^(?:\[Request interrupted by user|Caveat: The messages below were generated|# AGENTS\.md instructions for )/;
