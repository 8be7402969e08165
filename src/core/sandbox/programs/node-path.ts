import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { homeLast, runCommand } from '../../kernel/processes/run-command.ts';
import { absoluteFolders, isExecutable, usualPlaces } from './usual-places.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The Node to start our programs with: the one running us, or another one if that is unusable. In Claude
 * Desktop a server can run in an Electron UtilityProcess, which can't be started as Node; and an upgrade
 * might have deleted the program of a running server.
 */
export async function nodePath(env: Environment): Promise<string> {
  if (isNode()) return process.execPath;
  found ??= findElsewhere(env).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return await found;
}

/** The Node of a worker, with which a strict sandbox starts the relay. */
export function nodeProgram(): string {
  return process.execPath;
}

/** The folder of the program running us, which later starts workers and supervisors. */
export function nodeFolder(): string {
  return dirname(process.execPath);
}

let found: Promise<string> | undefined;

function isNode(): boolean {
  const { execPath, versions } = process;
  return versions.electron === undefined && /^node/.test(basename(execPath)) && existsSync(execPath);
}

async function findElsewhere(env: Environment): Promise<string> {
  const { execPath, versions } = process;
  const place = { env, homeDir: env.HOME ?? homedir(), nodePath: execPath };
  const folders = [...absoluteFolders(homeLast(env)), ...(await usualPlaces(place))];
  // Electron also answers --version, but would open a window or hang if started as Node.
  const first = versions.electron === undefined ? [execPath] : [];
  return await firstNode([...first, ...folders.map((folder) => join(folder, 'node'))], env);
}

/** The first of the paths that is a Node.js >= 20.19. */
export async function firstNode(paths: readonly string[], env: Environment): Promise<string> {
  for (const path of new Set(paths))
    if ((await isExecutable(path)) && (await isNewEnough(path, env))) return path;
  throw PROVIDER_ERRORS.node_not_found();
}

const LIMIT_MS = 5_000;

async function isNewEnough(path: string, env: Environment): Promise<boolean> {
  const { stdout } = await runCommand(path, ['--version'], { env: definedOnly(env), timeoutMs: LIMIT_MS });
  const [, major, minor] = (/^v(\d+)\.(\d+)\./.exec(stdout) ?? []).map(Number);
  return major !== undefined && minor !== undefined && (major > 20 || (major === 20 && minor >= 19));
}
