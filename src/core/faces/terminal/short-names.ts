import { nameWithoutDate } from '../../session/layout/names.ts';

/** Session names without their dates, where that is unambiguous. */
export function shortNames(folders: readonly string[]): string[] {
  const times = new Map<string, number>();
  const short = folders.map(nameWithoutDate);
  for (const name of short) times.set(name, (times.get(name) ?? 0) + 1);
  return short.map((name, at) => (times.get(name) === 1 ? name : (folders[at] ?? name)));
}
