import { readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { documentText } from '../../session/documents/documents.ts';
import { readInboxMessage, sortInbox } from '../../session/documents/inbox.ts';
import { stateOf, type Worker } from '../state/worker.ts';

export interface MessageToRead {
  id: string;
  path: string;
  text: string;
  /** An earlier agent received it and did not acknowledge it. */
  isRepeated: boolean;
}

/** The message files for the next agent, oldest first, as paths for its prompt. */
export async function deliverMessages(worker: Worker, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { inbox } = worker.paths;
  ensurePlainFolder(inbox);
  const names = sortInbox((await ifExists(readdir(inbox))) ?? []);
  return names.filter((name) => ids.some((id) => name.includes(id))).map((name) => join(inbox, name));
}

/** Messages that an earlier agent received and did not acknowledge, then new ones. */
export async function messagesToRead(worker: Worker, newFiles: readonly string[]): Promise<MessageToRead[]> {
  const { unacknowledged } = stateOf(worker).messages;
  const repeated = (await deliverMessages(worker, unacknowledged)).filter((path) => !newFiles.includes(path));
  const read = async (path: string, isRepeated: boolean): Promise<MessageToRead | undefined> => {
    const content = await documentText(path);
    if (content === undefined) return undefined;
    const { id, text } = readInboxMessage(basename(path), content);
    return { id, path, text, isRepeated };
  };
  const all = await Promise.all([
    ...repeated.map((path) => read(path, true)),
    ...newFiles.map((path) => read(path, false)),
  ]);
  return all.filter((message) => message !== undefined);
}

/**
 * Moves acknowledged or withdrawn messages out of the inbox. An acknowledged one that a crash left there is harmless.
 * @param to a folder of the session, which is made
 */
export async function moveMessages(worker: Worker, ids: readonly string[], to: string): Promise<void> {
  if (ids.length === 0) return;
  ensurePlainFolder(to);
  for (const path of await deliverMessages(worker, ids)) {
    await ifExists(rename(path, join(to, basename(path))));
  }
}
