import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, posix, sep } from 'node:path';
import { importsOf, sourceText } from '../tests/support/source-text.ts';

// How the house stands: `npm run house`. Sizes, names that mean two things, orchestrators, circles between files.

const GOALS = { filesPerFolder: 25, linesPerFile: 250, importsPerFile: 12, lines: 27_000 };

interface Module {
  path: string;
  lines: number;
  /** Functions, constants and classes that it exports. */
  exports: string[];
  /** Modules of src that it imports when it is loaded. */
  imports: string[];
}

const modules = await modulesBelow('src');
printFolders(modules);
printNames(modules);
printOrchestrators(modules);
printCircles(modules);

async function modulesBelow(root: string): Promise<Module[]> {
  const names = await readdir(root, { recursive: true });
  const paths = names.map((name) => name.replaceAll(sep, '/')).filter((name) => /(?<!\.d)\.ts$/.test(name));
  return await Promise.all(
    paths.sort().map(async (path) => moduleOf(path, await readFile(join(root, path), 'utf8'))),
  );
}

function moduleOf(path: string, text: string): Module {
  const source = sourceText(text);
  const imports = importsOf(source)
    .filter(
      ({ specifier, isDynamic }) => !isDynamic && specifier.startsWith('.') && specifier.endsWith('.ts'),
    )
    .map(({ specifier }) => posix.join(posix.dirname(path), specifier));
  const exports = [...source.code.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)];
  return {
    path,
    lines: text.split('\n').length - 1,
    exports: exports.map(([, name]) => name ?? ''),
    imports,
  };
}

function printFolders(all: readonly Module[]): void {
  const folders = groupBy(all, ({ path }) => dirname(path));
  const rows = [...folders].map(([folder, files]) => ({ folder, files: files.length, lines: sum(files) }));
  console.log(`src: ${sum(all)} lines (goal ${GOALS.lines}) in ${all.length} files`);
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

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function over(files: number): string {
  return files > GOALS.filesPerFolder ? `   above ${GOALS.filesPerFolder}` : '';
}

function printNames(all: readonly Module[]): void {
  const stems = groupBy(all, ({ path }) => basename(path, '.ts'));
  print('file stems in two rooms', inTwoRooms(stems));
  const exported = all.flatMap((module) => module.exports.map((name) => ({ name, path: module.path })));
  print('exported names in two files', inTwoRooms(groupBy(exported, ({ name }) => name)));
}

function inTwoRooms(byName: ReadonlyMap<string, { path: string }[]>): string[] {
  return [...byName]
    .filter(([name, places]) => name !== 'main' && places.length > 1)
    .map(([name, places]) => `${name}: ${places.map(({ path }) => path).join(', ')}`);
}

function printOrchestrators(all: readonly Module[]): void {
  const many = all.filter(({ imports }) => imports.length > GOALS.importsPerFile);
  const rows = many.toSorted((a, b) => b.imports.length - a.imports.length);
  print(
    `files with more than ${GOALS.importsPerFile} imports`,
    rows.map(({ path, imports }) => `${path}: ${imports.length}`),
  );
}

/** Modules that reach themselves by what they import when they are loaded, one line per circle. */
function printCircles(all: readonly Module[]): void {
  const byPath = new Map(all.map((module) => [module.path, module]));
  const circles = new Set<string>();
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at !== -1) circles.add([...trail.slice(at), path].join(' -> '));
    if (at !== -1 || finished.has(path)) return;
    for (const next of byPath.get(path)?.imports ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of all) visit(path, []);
  print('circles of files', [...circles]);
}

function print(title: string, rows: readonly string[]): void {
  console.log(`${title}: ${rows.length}`);
  for (const row of rows) console.log(`  ${row}`);
}

function sum(files: readonly Module[]): number {
  return files.reduce((total, { lines }) => total + lines, 0);
}
