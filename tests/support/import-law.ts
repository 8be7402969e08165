import { posix } from 'node:path';
import { importsOf, type SourceText, sourceText } from './source-text.ts';

/** What the compiler cannot say about imports, and what only a few files may do. Paths are relative to src/. */
export interface ImportLaw {
  /** The folders of core in rows from the bottom up: each may import those of earlier rows. */
  floors: readonly (readonly string[])[];
  /** Packages that only some folders or files may import. */
  packages: readonly { pattern: RegExp; only: readonly (string | RegExp)[] }[];
  /** Code that only some folders or files may contain. */
  uses: readonly { name: string; pattern: RegExp; only: readonly (string | RegExp)[] }[];
  /** Files that may import() paths determined at run time. */
  computedImports: readonly string[];
  /** Imports that are forbidden for files of a certain name, in any folder. */
  never: readonly { files: RegExp; imports: RegExp }[];
  maxLines: number;
}

/** Module texts by their path below src/. */
export type Tree = Readonly<Record<string, string>>;

/** Every violation of the law in a tree, one line each. */
export function breaches(tree: Tree, law: ImportLaw): string[] {
  return Object.entries(tree).flatMap(([path, text]) => {
    const source = sourceText(text);
    return [
      ...importBreaches(path, source, law),
      ...useBreaches(path, source, law),
      ...(lineCount(text) > law.maxLines ? [`${path} has ${lineCount(text)} lines`] : []),
    ];
  });
}

/** Import cycles between files, including types. */
export function fileCircles(tree: Tree): string[] {
  const edges = Object.entries(tree).map(
    ([path, text]) => [path, new Set(targets(path, sourceText(text)))] as const,
  );
  return circles(new Map(edges));
}

/** Names that two files export; a schema and its type in one file count as one. */
export function namesTwice(tree: Tree): string[] {
  const places = new Map<string, string[]>();
  for (const [path, text] of Object.entries(tree))
    for (const name of exportsOf(text)) places.set(name, [...(places.get(name) ?? []), path]);
  const twice = [...places].filter(([, paths]) => paths.length > 1);
  return twice.map(([name, paths]) => `${name}: ${paths.join(', ')}`);
}

function exportsOf(text: string): string[] {
  const exported = /^export (?:abstract |async )?(?:function\*?|const|class|interface|type) (\w+)/gm;
  return [...new Set([...sourceText(text).code.matchAll(exported)].map(([, name]) => name ?? ''))];
}

function importBreaches(path: string, source: SourceText, law: ImportLaw): string[] {
  return importsOf(source).flatMap(({ specifier }) => {
    if (specifier === '') {
      const isAllowed = law.computedImports.includes(path);
      return isAllowed ? [] : [`${path} imports a module whose name is not written out`];
    }
    if (!specifier.startsWith('.')) return packageBreach(path, specifier, law);
    const to = resolve(path, specifier);
    if (law.never.some(({ files, imports }) => files.test(path) && imports.test(to)))
      return [`${path} imports ${to}, which no file of this kind may`];
    return to.endsWith('.ts') ? floorBreach(path, to, law) : [];
  });
}

function floorBreach(path: string, to: string, { floors }: ImportLaw): string[] {
  const [own, other] = [posix.dirname(path), posix.dirname(to)];
  if (own === other || ![own, other].every((folder) => folder.startsWith('core/'))) return [];
  const floorOf = (folder: string) => floors.findIndex((row) => row.includes(folder));
  if (floorOf(own) === -1) return [`${path} is in a folder of no known row`];
  return floorOf(other) < floorOf(own) ? [] : [`${path} imports ${to}, which is not below ${own}/`];
}

function packageBreach(path: string, specifier: string, { packages }: ImportLaw): string[] {
  const broken = packages.find(({ pattern }) => pattern.test(specifier));
  if (broken === undefined || isAmong(path, broken.only)) return [];
  return [`${path} imports ${specifier}, which only ${broken.only.join(', ')} may`];
}

/** A string is a file, or a folder with all below it. */
function isAmong(path: string, places: readonly (string | RegExp)[]): boolean {
  return places.some((place) =>
    typeof place === 'string' ? `${path}/`.startsWith(`${place}/`) : place.test(path),
  );
}

function useBreaches(path: string, { code }: SourceText, { uses }: ImportLaw): string[] {
  const broken = uses.filter(({ pattern, only }) => pattern.test(code) && !isAmong(path, only));
  return broken.map(({ name }) => `${path} uses ${name}`);
}

/** How many files of core each extension imports. */
export function reachOf(tree: Tree): Record<string, number> {
  const reached = new Map<string, Set<string>>();
  for (const [path, text] of Object.entries(tree)) {
    const [, extension] = /^extensions\/([^/]+)\//.exec(path) ?? [];
    if (extension === undefined) continue;
    const files = reached.get(extension) ?? new Set();
    for (const to of targets(path, sourceText(text))) if (to.startsWith('core/')) files.add(to);
    reached.set(extension, files);
  }
  return Object.fromEntries([...reached].map(([extension, files]) => [extension, files.size]));
}

function targets(path: string, source: SourceText): string[] {
  const relative = importsOf(source).filter(({ specifier }) => specifier.startsWith('.'));
  return relative.map(({ specifier }) => resolve(path, specifier)).filter((to) => to.endsWith('.ts'));
}

function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found = new Set<string>();
  const finished = new Set<string>();
  const visit = (node: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(node);
    if (seenAt !== -1) found.add([...trail.slice(seenAt), node].join(' -> '));
    if (seenAt !== -1 || finished.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node]);
    finished.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return [...found];
}

function resolve(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

/** The room of a module: `app`, or a folder of core or of the extensions. */
export function roomOf(path: string): string {
  return /^(?:(?:core|extensions)\/)?[^/]+/.exec(path)?.[0] ?? path;
}

function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}
