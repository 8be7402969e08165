import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { sortInbox } from '../session/inbox.ts';
import type { Worker } from './worker.ts';

/** The files of messages that wait for a child, oldest first, as paths for its prompt. */
export async function deliverMessages(worker: Worker, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { inbox } = worker.paths;
  await mkdir(inbox, { recursive: true });
  const names = sortInbox((await ifExists(readdir(inbox))) ?? []);
  return names.filter((name) => ids.some((id) => name.includes(id))).map((name) => join(inbox, name));
}
