import { sep } from 'node:path';

/** The paths of files in one folder, from a table of their names. */
export function pathsIn<K extends string>(
  dir: string,
  names: Readonly<Record<K, string>>,
): Record<K, string> {
  // Called for each session of a list and in every tick of a watch: concatenation is cheaper than join().
  const paths: Partial<Record<K, string>> = {};
  for (const key in names) paths[key] = `${dir}${sep}${names[key]}`;
  return paths as Record<K, string>; // has every key of `names`
}
