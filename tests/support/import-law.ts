import { posix } from 'node:path';
import { importsOf, type SourceText, sourceText } from './source-text.ts';

/** The law of the rooms: which may import which, and what only a few files may do. Paths are relative to src/. */
export interface ImportLaw {
  /** A room may import itself and what is listed: a room, or one file of a room as its door. */
  mayImport: Readonly<Record<string, readonly string[]>>;
  /**
   * The folders of a room in rows from the bottom up: each may import those of earlier rows; `.` is the room itself.
   */
  layers: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Each door and what it may import of its own room, so that it does not pull in the whole room. */
  doors: Readonly<Record<string, readonly string[]>>;
  /** Packages that only some rooms or files may import. */
  packages: readonly { pattern: RegExp; only: readonly (string | RegExp)[] }[];
  /** Code that only some files may contain. */
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

/** Import cycles between rooms, except through doors; a door represents its file, not its room. */
export function roomCircles(tree: Tree, law: ImportLaw): string[] {
  const edges = new Map<string, Set<string>>();
  for (const [path, text] of Object.entries(tree)) {
    for (const to of targets(path, sourceText(text))) {
      if (to in law.doors || roomOf(to) === roomOf(path)) continue;
      edges.set(roomOf(path), (edges.get(roomOf(path)) ?? new Set()).add(roomOf(to)));
    }
  }
  return circles(edges);
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
  const room = roomOf(path);
  const allowed = law.mayImport[room];
  if (allowed === undefined) return [`${path} lies in no known room`];
  return importsOf(source).flatMap(({ specifier }) => {
    if (specifier === '') {
      const isAllowed = law.computedImports.includes(path);
      return isAllowed ? [] : [`${path} imports a module whose name is not written out`];
    }
    if (!specifier.startsWith('.')) return packageBreach(path, specifier, law);
    const to = resolve(path, specifier);
    if (/\.(?:md|css|json)$/.test(to)) return [];
    if (to.startsWith('../')) return [`${path} imports ${specifier}, which lies outside src/`];
    if (law.never.some(({ files, imports }) => files.test(path) && imports.test(to)))
      return [`${path} imports ${to}, which no file of this kind may`];
    if (roomOf(to) === room) return [...doorBreach(path, to, law), ...layerBreach(path, to, law)];
    if (allowed.includes(roomOf(to)) || allowed.includes(to)) return [];
    return [`${path} imports ${to}; ${room} may import ${allowed.join(', ') || 'nothing'}`];
  });
}

function layerBreach(path: string, to: string, { layers }: ImportLaw): string[] {
  const rows = layers[roomOf(path)];
  const [own, other] = [subRoomOf(path), subRoomOf(to)];
  if (rows === undefined || own === other) return [];
  const rowOf = (folder: string) => rows.findIndex((row) => row.includes(folder));
  if (rowOf(own) === -1) return [`${path} is in a folder of no known row`];
  return rowOf(other) < rowOf(own) ? [] : [`${path} imports ${to}, which is not below ${own}/`];
}

/** The folders of a module within its room; `.` for the room itself. */
function subRoomOf(path: string): string {
  return (
    path
      .slice(roomOf(path).length + 1)
      .split('/')
      .slice(0, -1)
      .join('/') || '.'
  );
}

function doorBreach(path: string, to: string, { doors }: ImportLaw): string[] {
  const door = Object.entries(doors).find(([name, rest]) => name === path || rest.includes(path));
  if (door === undefined || door[1].includes(to)) return [];
  return [`${path} imports ${to}, and ${door[0]} is a door that drags it along`];
}

function packageBreach(path: string, specifier: string, { packages }: ImportLaw): string[] {
  const broken = packages.find(({ pattern }) => pattern.test(specifier));
  const isAllowed = broken?.only.some((one) =>
    typeof one === 'string' ? one === path || one === roomOf(path) : one.test(path),
  );
  if (broken === undefined || isAllowed) return [];
  return [`${path} imports ${specifier}, which only ${broken.only.join(', ')} may`];
}

function useBreaches(path: string, { code }: SourceText, { uses }: ImportLaw): string[] {
  return uses.flatMap(({ name, pattern, only }) => {
    const isAllowed = only.some((one) => (typeof one === 'string' ? one === path : one.test(path)));
    return pattern.test(code) && !isAllowed ? [`${path} uses ${name}`] : [];
  });
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

/** The room of a module: the first folder of its path; the first two if several rooms share one folder. */
export function roomOf(path: string): string {
  return /^(?:(?:acts|kit)\/)?[^/]+/.exec(path)?.[0] ?? path;
}

function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}
