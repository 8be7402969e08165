import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { type ClientWork, clientsFolder } from './client.ts';
import { holdsPackage, type PackageFiles, packageFiles, serverStart } from './package-copy.ts';
import type { Step } from './step.ts';

/** How a client takes plugins from a folder. */
export interface PluginWay {
  client: string;
  /** Where the package stands below the folder that the client is told of; empty: it is that folder. */
  below: string;
  /** The file beside it that lists it, where the client wants one. */
  listing?: { path: string; value: unknown };
  /** The client's file that names installed plugins, and the words in it that are ours. */
  register: { path: string; words: string };
  add(folder: string): readonly (readonly string[])[];
  remove: readonly (readonly string[])[];
  /** A JSON file of the person's that the client writes anew when it adds or removes. */
  settingsPath?: string;
  /** A file that the client changes on the way though nobody asked for it. */
  untouchedPath?: string;
  /** What the client leaves behind when it removes. */
  leftFolder?: string;
}

/** Copies the package to a place that stays, and has the client add it; nothing when it is there as it should be. */
export async function addPlugin(work: ClientWork, way: PluginWay): Promise<Step[]> {
  const folder = folderOf(work, way);
  const files = await wantedFiles(work, way);
  const isThere = await isRegistered(way);
  if (isThere && (await holdsPackage(folder, files))) return [];
  return [
    ...(isThere ? way.remove.map((args) => run(work, way, args)) : []),
    { kind: 'write_package', folder, files },
    ...way.add(folder).map((args) => run(work, way, args)),
  ];
}

export async function removePlugin(work: ClientWork, way: PluginWay): Promise<Step[]> {
  const folder = folderOf(work, way);
  const isCopied = (await ifExists(readFile(join(folder, firstFile(way))))) !== undefined;
  return [
    ...((await isRegistered(way)) ? way.remove.map((args) => run(work, way, args)) : []),
    ...(isCopied ? [{ kind: 'remove_folder' as const, folder }] : []),
    ...(await leftovers(way)),
  ];
}

async function leftovers({ leftFolder }: PluginWay): Promise<Step[]> {
  if (leftFolder === undefined || (await ifExists(readdir(leftFolder))) === undefined) return [];
  return [{ kind: 'remove_folder', folder: leftFolder }];
}

async function wantedFiles(
  { context }: ClientWork,
  { client, below, listing }: PluginWay,
): Promise<PackageFiles> {
  const files = await packageFiles(context, client, serverStart(context));
  const placed = [...files].map(([path, text]) => [join(below, path), text] as const);
  const list = listing && ([listing.path, `${JSON.stringify(listing.value, undefined, 2)}\n`] as const);
  return new Map(list ? [list, ...placed] : placed);
}

async function isRegistered({ register }: PluginWay): Promise<boolean> {
  return (await ifExists(readFile(register.path, 'utf8')))?.includes(register.words) ?? false;
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

function firstFile({ below, listing }: PluginWay): string {
  return listing?.path ?? join(below, 'README.md');
}
