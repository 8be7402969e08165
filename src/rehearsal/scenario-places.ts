import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { PromptFacts } from './read-prompt.ts';

const SESSION_FILES: Readonly<Record<string, string>> = {
  qa: '_qa.md',
  overview: '_overview.md',
  signal: '_signal.json',
  history: '_signal_history.jsonl',
};

/** The absolute path that a scenario's place names. */
export function pathOfPlace(facts: Pick<PromptFacts, 'sessionDir' | 'workingDir'>, place: string): string {
  const file = SESSION_FILES[place];
  if (file) return join(facts.sessionDir, file);
  const colon = place.indexOf(':');
  const path = place.slice(colon + 1);
  const roots: Readonly<Record<string, string>> = { session: facts.sessionDir, worktree: facts.workingDir };
  const root = roots[place.slice(0, colon)];
  return root ? join(root, path) : path;
}

export interface WriteAtOptions {
  append: boolean;
  /** Written ten characters at a time with this pause: a reader meets a torn file. */
  pieceEveryMs?: number | undefined;
  clock: Clock;
}

/** Writes in place, as a careless program does: neither whole nor at once. */
export async function writeAt(
  path: string,
  text: string,
  { append, pieceEveryMs, clock }: WriteAtOptions,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (!append) await writeFile(path, '');
  if (pieceEveryMs === undefined) return await appendFile(path, text);
  for (let at = 0; at < text.length; at += 10) {
    await appendFile(path, text.slice(at, at + 10));
    await clock.sleep(pieceEveryMs);
  }
}
