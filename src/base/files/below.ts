import { sep } from 'node:path';

/** The paths of files of one folder, by a table of their names. */
export function below<K extends string>(dir: string, names: Readonly<Record<K, string>>): Record<K, string> {
  // Asked for each session of a list, and in every tick of a watch: a folder that is joined needs no more than a name.
  const paths: Partial<Record<K, string>> = {};
  for (const key in names) paths[key] = `${dir}${sep}${names[key]}`;
  return paths as Record<K, string>; // one for each of its keys
}
