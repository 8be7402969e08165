import { join } from 'node:path';
import { claudeLines, claudePath, writeChat } from './chat-transcripts.ts';
import type { RepoPlan, TempRepo } from './temp-repo.ts';

/** The id of the call in it that starts a session. */
export const CALL = 'toolu_01ABC';

/** What its repository contains. */
export const FILES = { 'a.txt': 'a\n', 'b.txt': 'b\n' };

const CHANGED = { 'a.txt': 'of the chat\n', 'new.txt': 'new\n' };

/** A chat of Claude Code with the id `this` has changed two files and committed none; the person has changed a third. */
export async function talk({ homeDir, path, write }: TempRepo): Promise<void> {
  await write({ ...CHANGED, 'b.txt': 'of the person\n' });
  const changes = Object.keys(CHANGED).map((name) => join(path, name));
  const lines = claudeLines(path, [{ person: 'Name the boats', agent: 'By colour.', changes, call: CALL }]);
  await writeChat(claudePath(homeDir, path, 'this'), lines);
}

export const TALKED: RepoPlan = { files: FILES, rearrange: talk };

/** A start from it by a person who agrees. */
export const BROUGHT = { chat: 'this', bring: async () => true };

/** The warnings of a start about the files of its chat: the sessions of these tests are rehearsals, which a start says, too. */
export function ofFiles(warnings: unknown): string[] {
  const texts = (warnings ?? []) as readonly string[];
  return texts.filter((text) => !text.startsWith('A rehearsal:'));
}
