import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, posix, sep } from 'node:path';
import { fileCircles, namesTwice, roomOf, type Tree } from '../tests/support/import-law.ts';
import { importsOf, sourceText } from '../tests/support/source-text.ts';
import { oldRows } from './old-rows.ts';

// `npm run house`: sizes of rooms, tests and pages beside those at the last tag or, with `-- REF`, at any commit; names
// that mean two things, files with many imports, import cycles, and rows of the comparison that are old.

const GOALS = { filesPerFolder: 25, importsPerFile: 12 };

interface Sized {
  path: string;
  lines: number;
}

interface Module extends Sized {
  /** Modules of src that it imports when it is loaded. */
  imports: string[];
}

const tree = await treeBelow('src');
const modules = Object.entries(tree).map(([path, text]) => moduleOf(path, text));
const ref = process.argv[2] ?? lastTag();
printRooms(modules, ref);
await printTotals(ref);
printFolders(modules);
print('file stems in two rooms', stemsTwice(modules));
print('exported names in two files', namesTwice(tree));
printOrchestrators(modules);
print('import cycles', fileCircles(tree));
const comparison = await readFile('docs/comparison.md', 'utf8');
print('rows of docs/comparison.md older than 90 days', oldRows(comparison, new Date()));

async function treeBelow(root: string): Promise<Tree> {
  const names = await readdir(root, { recursive: true });
  const paths = names.map((name) => name.replaceAll(sep, '/')).filter((name) => /(?<!\.d)\.ts$/.test(name));
  const entries = paths.sort().map(async (path) => [path, await readFile(join(root, path), 'utf8')]);
  return Object.fromEntries(await Promise.all(entries));
}

function moduleOf(path: string, text: string): Module {
  const source = sourceText(text);
  const imports = importsOf(source)
    .filter(
      ({ specifier, isDynamic }) => !isDynamic && specifier.startsWith('.') && specifier.endsWith('.ts'),
    )
    .map(({ specifier }) => posix.join(posix.dirname(path), specifier));
  return { path, lines: text.split('\n').length - 1, imports };
}

function printFolders(all: readonly Module[]): void {
  const folders = groupBy(all, ({ path }) => dirname(path));
  console.log(`src: ${sum(all)} lines in ${all.length} files`);
  const sizes = all.map(({ lines }) => lines).sort((a, b) => a - b);
  const largest = all.toSorted((a, b) => b.lines - a.lines)[0];
  console.log(
    `median file ${sizes[Math.floor(sizes.length / 2)]} lines, largest ${largest?.path} (${largest?.lines})`,
  );
  for (const [folder, files] of [...folders].sort(([, a], [, b]) => b.length - a.length))
    console.log(`  ${folder.padEnd(28)} ${size(files)}${over(files.length)}`);
}

function printRooms(all: readonly Module[], ref: string | undefined): void {
  const then = ref === undefined ? [] : sizesAt(ref);
  const rooms = groupBy(all, ({ path }) => roomOf(path));
  const before = groupBy(then, ({ path }) => roomOf(path));
  console.log(roomsTitle(ref, before.has('core/kernel')));
  const row = (name: string, isIn: (room: string) => boolean) => {
    const filesOf = (groups: ReadonlyMap<string, readonly Sized[]>) =>
      [...groups].flatMap(([room, files]) => (isIn(room) ? files : []));
    const [now, earlier] = [filesOf(rooms), filesOf(before)];
    const change = sum(now) - sum(earlier);
    const beside = `  ${size(earlier)}  ${(change > 0 ? `+${change}` : String(change)).padStart(7)}`;
    console.log(`  ${name.padEnd(28)} ${size(now)}${earlier.length === 0 ? '' : beside}`);
  };
  const names = [...new Set([...rooms.keys(), ...before.keys()])].sort();
  for (const part of ['core', 'extensions', 'app']) {
    row(part, (room) => room.split('/')[0] === part);
    for (const name of names) if (name.startsWith(`${part}/`)) row(`  ${name}`, (room) => room === name);
  }
  row('src', () => true);
}

/** What must not grow without a reason: source, tests, and the words of the pages. */
async function printTotals(then: string | undefined): Promise<void> {
  const pages = (await readdir('docs', { recursive: true })).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(pages.map((name) => readFile(join('docs', name), 'utf8')));
  const tests = Object.values(await treeBelow('tests')).reduce(
    (all, text) => all + text.split('\n').length - 1,
    0,
  );
  const before =
    then === undefined
      ? undefined
      : { src: sum(sizesAt(then)), tests: sum(sizesAt(then, 'tests')), words: wordsAt(then) };
  const row = (name: string, now: number, earlier?: number) =>
    console.log(`  ${name.padEnd(28)} ${now}${earlier === undefined ? '' : `, ${earlier} at ${then}`}`);
  console.log(`totals; tests are ${(tests / sum(modules)).toFixed(2)} times the source`);
  row('lines of src', sum(modules), before?.src);
  row('lines of tests', tests, before?.tests);
  row(
    'words of docs',
    texts.reduce((all, text) => all + countWords(text), 0),
    before?.words,
  );
}

function countWords(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

function wordsAt(ref: string): number {
  const args = ['grep', '--text', '--no-color', '-h', '-e', '', ref, '--', 'docs/*.md'];
  return countWords(spawnSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).stdout);
}

function roomsTitle(ref: string | undefined, hasSameRooms: boolean): string {
  if (ref === undefined)
    return 'rooms; there is no tag to compare them with, and `npm run house -- REF` takes any commit';
  return hasSameRooms
    ? `rooms, now and at ${ref}`
    : `rooms; at ${ref} there were others, so only the sum is compared`;
}

function size(files: readonly Sized[]): string {
  return `${String(files.length).padStart(4)} files ${String(sum(files)).padStart(7)} lines`;
}

function lastTag(): string | undefined {
  const { status, stdout } = spawnSync('git', ['describe', '--tags', '--abbrev=0'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The modules of a folder at a commit. One process of git counts the lines of all. */
function sizesAt(ref: string, root = 'src'): Sized[] {
  const args = ['grep', '--count', '--text', '--no-color', '-e', '', ref, '--', root];
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`The modules of ${root} at ${ref} cannot be read. ${stderr}`.trim());
    process.exit(1);
  }
  const counts = stdout.matchAll(/:(?:src|tests)\/(.+(?<!\.d)\.ts):(\d+)$/gm);
  return [...counts].map(([, path = '', lines]) => ({ path, lines: Number(lines) }));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function over(files: number): string {
  return files > GOALS.filesPerFolder ? `   above ${GOALS.filesPerFolder}` : '';
}

function stemsTwice(all: readonly Module[]): string[] {
  return [...groupBy(all, ({ path }) => basename(path, '.ts'))]
    .filter(([stem, places]) => stem !== 'main' && places.length > 1)
    .map(([stem, places]) => `${stem}: ${places.map(({ path }) => path).join(', ')}`);
}

function printOrchestrators(all: readonly Module[]): void {
  const many = all.filter(({ imports }) => imports.length > GOALS.importsPerFile);
  const rows = many.toSorted((a, b) => b.imports.length - a.imports.length);
  print(
    `files with more than ${GOALS.importsPerFile} imports`,
    rows.map(({ path, imports }) => `${path}: ${imports.length}`),
  );
}

function print(title: string, rows: readonly string[]): void {
  console.log(`${title}: ${rows.length}`);
  for (const row of rows) console.log(`  ${row}`);
}

function sum(files: readonly Sized[]): number {
  return files.reduce((total, { lines }) => total + lines, 0);
}
