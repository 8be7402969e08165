import { statsAt } from '../base/files/look-at.ts';
import type { SessionPaths } from './layout/paths.ts';

const FORGOTTEN_MS = 30 * 24 * 60 * 60_000;

/** Untouched for so long, by agents and people, that no supervisor stays for it. `nowMs` is of the wall clock. */
export function isForgotten({ events, commands, overview }: SessionPaths, nowMs: number): boolean {
  const times = [events, commands, overview].map((path) => statsAt(path)?.mtimeMs ?? 0);
  return nowMs - Math.max(...times) >= FORGOTTEN_MS;
}
