import { cursorOfSeveral } from '../../src/core/caller/facts/cursor.ts';

/** The cursor of a reader who has seen these events, by folder. */
export function cursorFor(seen: Readonly<Record<string, number>>): string {
  return cursorOfSeveral(Object.entries(seen).map(([folder, n]) => ({ view: { folder }, n })));
}
