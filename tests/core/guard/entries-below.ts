import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A folder or file, and whether its content may change; the longest matching path decides. */
export type Rule = readonly [path: string, open: boolean];

/** Every path below a folder that the rules keep closed, with its state. */
export function entriesBelow(root: string, rules: readonly Rule[]): Record<string, string> {
  const found: Record<string, string> = {};
  const probe = (path: string) => {
    const stats = lstatSync(path);
    if (!isOpen(path, rules)) found[path] = `${stats.mode.toString(8)} ${contentOf(path, stats)}`;
    // An open folder may contain a closed one.
    if (stats.isDirectory()) for (const name of readdirSync(path)) probe(join(path, name));
  };
  probe(root);
  return found;
}

function contentOf(path: string, stats: ReturnType<typeof lstatSync>): string {
  if (stats?.isSymbolicLink()) return readlinkSync(path);
  return stats?.isFile() ? readFileSync(path, 'base64') : '';
}

function isOpen(path: string, rules: readonly Rule[]): boolean {
  const fitting = rules.filter(([above]) => path === above || path.startsWith(`${above}/`));
  return fitting.sort(([one], [other]) => other.length - one.length)[0]?.[1] ?? false;
}
