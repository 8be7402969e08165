import { posix } from 'node:path';
import { parseJson } from '../../kernel/parse-json.ts';

/** A manifest before and after the work. */
export interface ChangedManifest {
  path: string;
  before: string;
  after: string;
}

const LOCK = /(?:lock(?:\.json|\.yaml|b)?|npm-shrinkwrap\.json|go\.sum)$/;

/**
 * Those that gained dependencies and differ in nothing else, with the lock files beside them.
 * @param words of the checks: what one of them is called may be no added dependency
 */
export function onlyGained(
  manifests: readonly ChangedManifest[],
  words: ReadonlySet<string>,
): ChangedManifest[] {
  const gained = manifests.filter((each) => !LOCK.test(each.path) && gainedOnly(each, words));
  const folders = new Set(gained.map(({ path }) => posix.dirname(path)));
  const locks = manifests.filter(({ path }) => LOCK.test(path) && folders.has(posix.dirname(path)));
  return [...gained, ...locks];
}

function gainedOnly({ path, before, after }: ChangedManifest, words: ReadonlySet<string>): boolean {
  if (path.endsWith('.json')) return jsonGainedOnly(before, after, words);
  if (linesGone(before, after).length > 0) return false;
  return /\.(?:txt|mod)$|Gemfile$/.test(path) || withoutDependencies(before) === withoutDependencies(after);
}

const KEYS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];

function jsonGainedOnly(before: string, after: string, words: ReadonlySet<string>): boolean {
  const [old, now] = [before, after].map((text) => ({ ...Object(parseJson(text)) }));
  for (const key of KEYS) {
    const [had, has] = [Object(old[key]), Object(now[key])];
    if (Object.keys(had).some((name) => had[name] !== has[name])) return false;
    if (Object.keys(has).some((name) => !(name in had) && words.has(name))) return false;
    delete old[key];
    delete now[key];
  }
  return JSON.stringify(old) === JSON.stringify(now);
}

/** Without the tables and lists of dependencies, as TOML has them. */
function withoutDependencies(text: string): string {
  const tables = text.split(/^(?=\[)/m).filter((table) => !/^\[[^\]]*dependenc/.test(table));
  const lists = tables.join('').replace(/^[\w-]*dependencies\s*=\s*\[[^\]]*\]/gm, '');
  return lists.replace(/\s+/g, ' ').trim();
}

function linesGone(before: string, after: string): string[] {
  const lines = (text: string) => text.split(/\r?\n/).map((line) => line.trim());
  const now = new Set(lines(after));
  return lines(before).filter((line) => !now.has(line));
}
