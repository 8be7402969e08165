import { join } from 'node:path';
import { type ClientPlace, type ClientWork, clientsFolder } from './client.ts';
import type { Files } from './package/package-parts.ts';
import type { PackageSource } from './package/package-source.ts';
import { holdsPackage, serverStart } from './package-copy.ts';
import type { RunStep, Step } from './step.ts';
import { isThere, type Trace } from './trace.ts';

/** How a client takes plugins from a folder. */
export interface PluginWay {
  client: string;
  /** All files of the folder that the client is pointed to. */
  files(source: PackageSource): Files;
  /** The arguments of the commands that add it. */
  add(folder: string): readonly (readonly string[])[];
  /** Runs such a command and undoes what it does beside its task. */
  around?: RunStep['around'];
  /** What the client keeps of it: the plugin's own entry first. */
  traces: readonly [Trace, ...Trace[]];
}

/** Copies the package to a lasting place and has the client add it; nothing when it is there as it should be. */
export async function addPlugin(work: ClientWork, { client, ...way }: PluginWay): Promise<Step[]> {
  const folder = packageFolder(work, client);
  const { compiledSource } = await import('./package/compiled-source.ts');
  const files = way.files(compiledSource(await serverStart(work.context)));
  if ((await isThere(way.traces[0])) && (await holdsPackage(folder, files))) return [];
  return [
    // Clients refuse a plugin that they know, or keep its old files.
    ...(await removals(way.traces)),
    { kind: 'write_package', folder, files },
    ...way.add(folder).map((args) => clientCommand(work, args, way.around)),
  ];
}

export async function removals(traces: readonly Trace[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const trace of traces) if (await isThere(trace)) steps.push({ kind: 'remove', trace });
  return steps;
}

/** A command of the client, run in a folder of ours: clients take note of where they are run. */
export function clientCommand(
  { context, program }: ClientWork,
  args: readonly string[],
  around?: RunStep['around'],
): RunStep {
  return { kind: 'run', program, args, cwd: clientsFolder(context), around };
}

/** Where the copy of a client's package is. */
export function packageFolder({ context }: ClientPlace, client: string): string {
  return join(clientsFolder(context), client);
}

/** A plugin in a folder below the one that a marketplace file lists it from. */
export function inPluginFolder(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`plugin/${path}`, text]));
}
