import { fingerprint } from '../../base/files/fingerprint.ts';
import { listed } from '../../base/plain-words.ts';
import type { Weakening } from '../../phases/proving.ts';
import { dialectOf, TEST_FOLDER, type TestsIn, testsIn } from './weakened-marks.ts';
import { jsonObject, packageScripts, type Reach } from './weakened-reach.ts';
import { CHECK_FILES, type CheckFile } from './weakened-settings.ts';

/** A file that differs between base and branch. */
export interface ChangedFile {
  path: string;
  /** Its path at the base, where git sees a rename. */
  oldPath?: string | undefined;
  /** Its text; undefined: it is no file there. */
  before: string | undefined;
  after: string | undefined;
  /** It is too large to be compared. */
  isUnread?: boolean | undefined;
}

export interface Comparison {
  files: readonly ChangedFile[];
  /** What the checks run, at the base. */
  reach: Reach;
  /** The base has files of tests: settings that are new change how they run. */
  hasTests: boolean;
  /** Files that a person has agreed to. */
  excused: readonly string[];
}

/** What a person should see before checks count that have passed. Pure; in the order of the files. */
export function findWeakened({ files, reach, hasTests, excused }: Comparison): Weakening[] {
  const isExcused = (path: string | undefined) => path !== undefined && excused.includes(path);
  const names = files.map(newNames);
  return files.flatMap((file, at) => {
    if (isExcused(file.path) || isExcused(file.oldPath)) return [];
    const moved = (name: string) => names.some((others, other) => other !== at && others.has(name));
    const found = ofTests(file, moved);
    return found.length > 0 ? found : ofSettings(file, { reach, hasTests });
  });
}

/** Whether a path is one of a test, or of what tests are made of. */
export function isTestPath(path: string): boolean {
  return (
    (dialectOf(path) !== undefined && !path.endsWith('.rs')) || (TEST_FOLDER.test(path) && CODE.test(path))
  );
}

/** Whether the text of a changed file is needed to compare it, unless a check runs it. */
export function isOfChecks(path: string): boolean {
  return (
    isTestPath(path) || dialectOf(path) !== undefined || CHECK_FILES.some(({ files }) => files.test(path))
  );
}

const CODE = /\.(?:\w*sh|bats|rs|dart|exs?|swift|lua|c|cc|cpp|mm?|hs|clj|jl|[rR]|feature)$/;

/** Whether a file declares tests that the base does not have in it. */
export function addsTests(file: ChangedFile): boolean {
  const { path, oldPath = path, before, after } = file;
  const [old, now] = [testsAt(oldPath, before)?.count ?? 0, testsAt(path, after)?.count ?? 0];
  return now > old || newNames(file).size > 0;
}

function testsAt(path: string, text: string | undefined): TestsIn | undefined {
  const dialect = dialectOf(path);
  return dialect && text !== undefined ? testsIn(text, dialect) : undefined;
}

function newNames({ path, oldPath = path, before, after }: ChangedFile): Set<string> {
  const old = testsAt(oldPath, before)?.names ?? [];
  return new Set(testsAt(path, after)?.names.filter((name) => !old.includes(name)));
}

function ofTests(file: ChangedFile, moved: (name: string) => boolean): Weakening[] {
  const { path, oldPath = path, before, after } = file;
  const wasTest = before !== undefined && (isTestPath(oldPath) || dialectOf(oldPath) !== undefined);
  if (!wasTest && dialectOf(path) === undefined) return [];
  if (file.isUnread)
    return isTestPath(oldPath) || isTestPath(path) ? [weakening(path, 'is too large to be compared')] : [];
  const old = wasTest ? testsAt(oldPath, before) : undefined;
  const now = testsAt(path, after);
  const marks = newMarks(old, now).map((mark) => weakening(path, mark));
  if (!wasTest) return marks;
  // Rust has its tests beside the code: there only what has some is a test.
  const isOne = isTestPath(oldPath) || (old?.count ?? 0) > 0;
  if (!isOne) return marks;
  const lost = (old?.names ?? []).filter((name) => !now?.names.includes(name) && !moved(name));
  const isMoved = (old?.names.length ?? 0) > 0 && lost.length === 0;
  if (isMoved) return marks;
  if (after === undefined) return [weakening(path, 'is deleted')];
  if (!isTestPath(path) && now === undefined)
    return [weakening(oldPath, `is renamed to ${path}, which no longer looks like a test`)];
  if (isEmptied(before, after, { old, now })) return [weakening(path, 'has no tests any more')];
  return lost.length === 0 ? marks : [weakening(path, `lost ${quoted(lost)}`, lost.join('\n')), ...marks];
}

function isEmptied(
  before: string,
  after: string,
  { old, now }: { old?: TestsIn | undefined; now?: TestsIn | undefined },
): boolean {
  if ((old?.count ?? 0) > 0) return now?.count === 0;
  return before.trim() !== '' && after.trim() === '';
}

/** Lines with a mark that were not there before; one that was indented anew is the same. */
function newMarks(old: TestsIn | undefined, now: TestsIn | undefined): string[] {
  const added = (which: 'skips' | 'onlys') => {
    const left = [...(old?.[which] ?? [])];
    return (now?.[which] ?? []).filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  return [
    ...added('onlys').map((line) => `runs only some tests: ${line}`),
    ...added('skips').map((line) => `skips tests: ${line}`),
  ];
}

function ofSettings(
  file: ChangedFile,
  { reach, hasTests }: Pick<Comparison, 'reach' | 'hasTests'>,
): Weakening[] {
  const { path, oldPath = path, before, after, isUnread } = file;
  const found: Weakening[] = [];
  if (reach.scripts.has(oldPath) && (isUnread || path !== oldPath || plain(before) !== plain(after)))
    found.push(weakening(oldPath, `${changeOf(after)}, and a check runs it`, after));
  for (const row of CHECK_FILES) {
    if (row.tools && !row.tools.some((tool) => reach.words.has(tool))) continue;
    const old = row.files.test(oldPath) ? partOf(before, row, reach) : undefined;
    const now = row.files.test(path) ? partOf(after, row, reach) : undefined;
    const isNew = before === undefined && !hasTests;
    if ((old ?? '') === (now ?? '') || isNew) continue;
    const what = before === undefined ? 'is new' : changeOf(now);
    found.push(weakening(path, `${what}, and it says how checks run`, now));
  }
  return found.slice(0, 1);
}

function changeOf(after: string | undefined): string {
  return after === undefined ? 'is deleted' : 'is changed';
}

function plain(text: string | undefined): string | undefined {
  return text?.replaceAll('\r\n', '\n').trimEnd();
}

/** What of a file counts for checks; undefined: nothing. */
function partOf(
  text: string | undefined,
  { sections, keys }: CheckFile,
  { words }: Reach,
): string | undefined {
  if (text === undefined) return undefined;
  if (sections !== undefined) return sectionsOf(text, sections);
  if (keys === undefined) return plain(text);
  const scripts = [...packageScripts(text)].filter(
    ([name]) => words.has(name.replace(/^(?:pre|post)/, '')) || words.has(name),
  );
  const object = jsonObject(text);
  const values = keys.flatMap((key) => (key in object ? [[key, object[key]]] : []));
  return scripts.length + values.length === 0 ? '' : JSON.stringify([scripts.sort(), values]);
}

function sectionsOf(text: string, named: RegExp): string {
  let isWanted = false;
  const lines = (plain(text) ?? '').split('\n').filter((line) => {
    const header = /^\s*\[+([^\]]+)\]/.exec(line);
    if (header) isWanted = named.test(header[1] ?? '');
    return isWanted && line.trim() !== '';
  });
  return lines.join('\n');
}

const MOST_QUOTED = 5;

function quoted(names: readonly string[]): string {
  const tests = names.length === 1 ? 'the test' : `${names.length} tests:`;
  const each = names.map((name) => `"${name}"`);
  return `${tests} ${listed(each, MOST_QUOTED)}`;
}

/** @param content what would be another weakening where it differs */
function weakening(path: string, what: string, content = ''): Weakening {
  return { path, what, key: fingerprint(JSON.stringify([path, what, content])).slice(0, 16) };
}
