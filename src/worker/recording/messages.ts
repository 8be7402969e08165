import { readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { ensurePlainFolder } from '../../base/files/append-lines.ts';
import { sortInbox } from '../../session/documents/inbox.ts';
import type { Worker } from '../core/worker.ts';

/** The files of messages that wait for a child, oldest first, as paths for its prompt. */
export async function deliverMessages(worker: Worker, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { inbox } = worker.paths;
  ensurePlainFolder(inbox);
  const names = sortInbox((await ifExists(readdir(inbox))) ?? []);
  return names.filter((name) => ids.some((id) => name.includes(id))).map((name) => join(inbox, name));
}

/** Acknowledged ones lie out of the way of the next child; one that a crash leaves behind does no harm. */
export async function putAwayMessages(worker: Worker, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { inboxRead } = worker.paths;
  ensurePlainFolder(inboxRead);
  for (const path of await deliverMessages(worker, ids)) {
    await ifExists(rename(path, join(inboxRead, basename(path))));
  }
}
