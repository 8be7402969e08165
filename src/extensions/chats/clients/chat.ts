import { closeSync } from 'node:fs';
import { orNothing } from '../../../core/kernel/errors.ts';
import { linesFrom } from '../../../core/kernel/files/lines.ts';
import { openPlainFile } from '../../../core/kernel/files/plain-file.ts';

/** A chat of a program on this machine. */
export interface FoundChat {
  client: 'Claude Code' | 'Codex' | 'opencode';
  id: string;
  /** Its transcript, or what its program gave instead of one. */
  source: { path: string; read: ReadLine } | { pieces: readonly ChatPiece[] };
}

/** What a transcript contributes, in its order. */
export type ChatPiece =
  /** The folder in which the chat works; the first one is that of its start. */
  | { kind: 'place'; cwd: string }
  /** @property after the id of what it follows: the person has gone back if an earlier text follows the same, and only this one counts. */
  | { kind: 'person'; text: string; after?: string }
  /** @property message texts of the same one belong together. */
  | { kind: 'agent'; text: string; message?: string }
  /** The person took back the newest turns. */
  | { kind: 'undone'; turns: number }
  /** A tool changed these files; `call` is the id of its call. */
  | { kind: 'changed'; paths: string[]; call?: string }
  | { kind: 'failed'; call: string };

export type ReadLine = (line: string) => ChatPiece[];

export function* piecesOf({ source }: Pick<FoundChat, 'source'>): Generator<ChatPiece> {
  if ('pieces' in source) yield* source.pieces;
  else yield* piecesInFile(source.path, source.read);
}

/** Pictures make lines long; what is longer is left out. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * The pieces of a transcript as it is at the beginning of the reading. A last line without its line feed is still
 * being written, and is left out.
 * @param fromEnd only the last bytes; the line in which they begin is left out
 */
export function* piecesInFile(
  path: string,
  read: ReadLine,
  { fromEnd = Number.POSITIVE_INFINITY } = {},
): Generator<ChatPiece> {
  const opened = orNothing(() => openPlainFile(path));
  if (opened?.kind !== 'opened') return;
  try {
    const { size } = opened.stats;
    const begin = Math.max(0, size - fromEnd);
    for (const { text, end } of linesFrom(opened.descriptor, begin, { maxLineBytes: MAX_LINE_BYTES })) {
      if (end > size) return;
      if (text !== undefined) yield* read(text);
    }
  } finally {
    closeSync(opened.descriptor);
  }
}

/** The text without what a program adds to the words of a person. */
export function personsWords(text: string): string {
  const [, request = text] = IDE_REQUEST.exec(text) ?? [];
  const [begin, command] = COMMAND.exec(request) ?? [];
  if (begin !== undefined && command !== undefined) {
    const words = between(request, begin.length, ['<command-args>', '</command-args>'])?.trim();
    return words ? `${command} ${words}` : '';
  }
  const own = withoutAdded(request).trim();
  return NOT_WRITTEN.test(own) ? '' : own;
}

/** Extensions of editors put the state of the editor before the request. */
const IDE_REQUEST = /^# Context from my IDE setup:[\s\S]*?\n## My request for Codex:\n([\s\S]*)$/;

const COMMAND = /^\s*(?:<command-message>[^<]*<\/command-message>\s*)?<command-name>([^<]*)<\/command-name>/;

function between(text: string, from: number, [open, close]: [string, string]): string | undefined {
  const at = text.indexOf(open, from);
  const end = at === -1 ? -1 : text.indexOf(close, at);
  return end === -1 ? undefined : text.slice(at + open.length, end);
}

/** Not by one pattern: with thousands of elements that do not end, each would be searched to the end of the text. */
function withoutAdded(text: string): string {
  const kept: string[] = [];
  const endless = new Set<string>();
  let end = 0;
  for (const { 0: begin, 1: name = '', index } of text.matchAll(ADDED)) {
    const close = `</${name}>`;
    if (index < end || endless.has(name)) continue;
    const at = text.indexOf(close, index + begin.length);
    if (at === -1) endless.add(name);
    else {
      kept.push(text.slice(end, index));
      end = at + close.length;
    }
  }
  return [...kept, text.slice(end)].join('');
}

const ADDED =
  /<(system-reminder|ide_selection|ide_opened_file|ide_diagnostics|local-command-(?:stdout|stderr|caveat)|bash-(?:input|stdout|stderr)|user-memory-input|user-prompt-submit-hook|task-notification|teammate-message|channel(?= source=)|environment_context|user_instructions|turn_aborted|user_shell_command|subagent_notification)(?: [^<>]{0,2000})?>/g;

const NOT_WRITTEN =
  /^(?:\[Request interrupted by user|Caveat: The messages below were generated|# AGENTS\.md instructions for |Stop hook feedback:|This session is being continued from a previous conversation)/;
