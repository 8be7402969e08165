import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, posix, sep } from 'node:path';
import { fileCircles, namesTwice, roomSizes, type Tree } from '../tests/support/import-law.ts';
import { importsOf, sourceText } from '../tests/support/source-text.ts';
import { BUDGETS } from './room-budgets.ts';

// `npm run house`: sizes against the budgets, names that mean two things, files with many imports, and import cycles.

const GOALS = { filesPerFolder: 25, importsPerFile: 12 };

interface Module {
  path: string;
  lines: number;
  /** Modules of src that it imports when it is loaded. */
  imports: string[];
}

const tree = await treeBelow('src');
const modules = Object.entries(tree).map(([path, text]) => moduleOf(path, text));
printRooms(tree);
printFolders(modules);
print('file stems in two rooms', stemsTwice(modules));
print('exported names in two files', namesTwice(tree));
printOrchestrators(modules);
print('import cycles', fileCircles(tree));

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
  const rows = [...folders].map(([folder, files]) => ({ folder, files: files.length, lines: sum(files) }));
  console.log(`src: ${sum(all)} lines in ${all.length} files`);
  const sizes = all.map(({ lines }) => lines).sort((a, b) => a - b);
  const largest = all.toSorted((a, b) => b.lines - a.lines)[0];
  console.log(
    `median file ${sizes[Math.floor(sizes.length / 2)]} lines, largest ${largest?.path} (${largest?.lines})`,
  );
  for (const { folder, files, lines } of rows.sort((a, b) => b.files - a.files))
    console.log(
      `  ${folder.padEnd(28)} ${String(files).padStart(4)} files ${String(lines).padStart(7)} lines${over(files)}`,
    );
}

function printRooms(all: Tree): void {
  for (const { rooms, lines, budget } of roomSizes(all, BUDGETS)) {
    const verdict = lines > budget ? `   ${lines - budget} over` : '';
    console.log(
      `  ${rooms.padEnd(28)} ${String(lines).padStart(7)} of ${String(budget).padStart(6)} lines${verdict}`,
    );
  }
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

function sum(files: readonly Module[]): number {
  return files.reduce((total, { lines }) => total + lines, 0);
}
