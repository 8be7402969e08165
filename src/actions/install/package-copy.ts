import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeWhole } from '../../base/atomic-file.ts';
import { ifExists, SamocodeError } from '../../base/errors.ts';
import type { ActionContext } from '../context.ts';

/** How a client starts our server. */
export interface ServerStart {
  command: string;
  args: string[];
}

/** Path and text of a package's files. */
export type PackageFiles = ReadonlyMap<string, string>;

/**
 * How this very installation is started as a server. A program in npx's cache may be gone tomorrow, so there the
 * version is named instead.
 */
export function serverStart({ programs }: ActionContext): ServerStart {
  const program = join(dirname(programs.worker), 'samocode-mcp.js');
  if (/[\\/]_npx[\\/]/.test(program)) return publishedStart();
  return { command: process.execPath, args: [program] };
}

/** The start that holds on every machine: for files that a team shares. */
export function publishedStart(): ServerStart {
  return { command: 'npx', args: ['-y', `samocode-mcp@${__VERSION__}`] };
}

/**
 * The files of a client's package, with its server started as `start` says.
 * @throws PackageMissingError
 */
export async function packageFiles(
  context: ActionContext,
  client: string,
  start: ServerStart,
): Promise<PackageFiles> {
  const root = join(dirname(context.programs.worker), '../packages', client);
  const entries = await ifExists(readdir(root, { recursive: true, withFileTypes: true }));
  if (entries === undefined) throw new PackageMissingError(root);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = files.sort().map(async (path) => {
    const text = await readFile(path, 'utf8');
    const isJson = basename(path).endsWith('.json');
    return [path.slice(root.length + 1), isJson ? withStart(text, start) : text] as const;
  });
  return new Map(await Promise.all(texts));
}

/** Makes `folder` hold just these files. */
export async function writePackage(folder: string, files: PackageFiles): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeWhole(join(folder, path), text);
  }
}

export async function holdsPackage(folder: string, files: PackageFiles): Promise<boolean> {
  for (const [path, text] of files) {
    if ((await ifExists(readFile(join(folder, path), 'utf8'))) !== text) return false;
  }
  return true;
}

export class PackageMissingError extends SamocodeError {
  readonly code = 'package_missing';

  constructor(path: string) {
    super(
      'The client was not changed.',
      `The package for it should be in ${path} and is not there.`,
      'Install samocode-mcp again with npm, or run from a whole checkout.',
    );
  }
}

function withStart(text: string, start: ServerStart): string {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('mcpServers' in value)) return text;
  const servers = value.mcpServers;
  if (typeof servers !== 'object' || servers === null || !('samocode' in servers)) return text;
  const changed = { ...value, mcpServers: { samocode: { ...Object(servers.samocode), ...start } } };
  return `${JSON.stringify(changed, undefined, 2)}\n`;
}
