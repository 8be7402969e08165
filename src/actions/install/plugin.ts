import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { type ClientWork, clientsFolder } from './client.ts';
import type { Files } from './package/package-parts.ts';
import type { PackageSource } from './package/package-source.ts';
import { holdsPackage, serverStart } from './package-copy.ts';
import type { Step } from './step.ts';

/** How a client takes plugins from a folder. */
export interface PluginWay {
  client: string;
  /** All files of the folder that the client is told of. */
  files(source: PackageSource): Files;
  add(folder: string): readonly (readonly string[])[];
  /** The plugin first, then the marketplace that it came from: a person may have removed one of them. */
  registered: readonly [Registered, ...Registered[]];
  /** A JSON file of the person's that the client writes anew when it adds or removes. */
  settingsPath?: string;
  /** A file that the client changes on the way though nobody asked for it. */
  untouchedPath?: string;
  /** What the client leaves behind when it removes. */
  leftFolder?: string;
}

/** Something of ours that a client knows of. */
interface Registered {
  /** The client's file that names it. */
  path: string;
  /** The words in it that are ours, or whether its text has ours for the person. */
  words: string | ((text: string) => boolean);
  /** Whether its text has ours for a project too, which goes on needing what the client keeps of it. */
  ofProjects?(text: string): boolean;
  /** The arguments of the client's command that removes it. */
  remove: readonly string[];
}

/** Copies the package to a place that stays, and has the client add it; nothing when it is there as it should be. */
export async function addPlugin(work: ClientWork, way: PluginWay): Promise<Step[]> {
  const folder = folderOf(work, way);
  const { compiledSource } = await import('./package/compiled-source.ts');
  const files = way.files(compiledSource(serverStart(work.context)));
  const isThere = await isKnown(way.registered[0]);
  if (isThere && (await holdsPackage(folder, files))) return [];
  return [
    ...(await removals(work, way)),
    { kind: 'write_package', folder, files },
    ...way.add(folder).map((args) => run(work, way, args)),
  ];
}

export async function removePlugin(work: ClientWork, way: PluginWay): Promise<Step[]> {
  const folder = folderOf(work, way);
  const isCopied = (await ifExists(readdir(folder))) !== undefined;
  return [
    ...(await removals(work, way)),
    ...(isCopied ? [{ kind: 'remove_folder' as const, folder }] : []),
    ...(await leftovers(way)),
  ];
}

async function leftovers({ leftFolder, registered: [{ path, ofProjects }] }: PluginWay): Promise<Step[]> {
  if (leftFolder === undefined || (await ifExists(readdir(leftFolder))) === undefined) return [];
  if (ofProjects?.((await ifExists(readFile(path, 'utf8'))) ?? '')) return [];
  return [{ kind: 'remove_folder', folder: leftFolder }];
}

async function removals(work: ClientWork, way: PluginWay): Promise<Step[]> {
  const steps: Step[] = [];
  for (const one of way.registered) if (await isKnown(one)) steps.push(run(work, way, one.remove));
  return steps;
}

async function isKnown({ path, words }: Registered): Promise<boolean> {
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return false;
  return typeof words === 'string' ? text.includes(words) : words(text);
}

function run(
  { context, place }: ClientWork,
  { settingsPath, untouchedPath }: PluginWay,
  args: readonly string[],
): Step {
  const ledgerDir = clientsFolder(context);
  return {
    kind: 'run',
    program: place,
    args,
    cwd: ledgerDir,
    ...(settingsPath && { settings: { path: settingsPath, ledgerDir } }),
    ...(untouchedPath && { untouchedPath }),
  };
}

function folderOf({ context }: ClientWork, { client }: PluginWay): string {
  return join(clientsFolder(context), client);
}

/** A plugin in a folder below the one that a marketplace file lists it from. */
export function inPluginFolder(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`plugin/${path}`, text]));
}
