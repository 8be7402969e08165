import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { findNodeScript } from './find-node.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The Node to start our programs with: the one running us, or another one if that is unusable. In Claude
 * Desktop a server can run in an Electron UtilityProcess, which can't be started as Node; and an upgrade
 * might have deleted the program of a running server.
 */
export async function nodePath(env: Environment): Promise<string> {
  if (isNode()) return process.execPath;
  found ??= findNode(env).catch((error: unknown) => {
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

/** Longer than the search's 5 s for a login shell. */
const LIMIT_MS = 20_000;

async function findNode(env: Environment): Promise<string> {
  const { execPath, versions } = process;
  // Electron also answers --version, but would open a window or hang if started as Node.
  const first = versions.electron === undefined ? [execPath] : [];
  const { stdout } = await runCommand(
    '/bin/sh',
    ['-c', `${findNodeScript()}find_node "$@"`, 'sh', ...first],
    { env: definedOnly(env), timeoutMs: LIMIT_MS },
  );
  const path = stdout.trim();
  if (path === '') throw PROVIDER_ERRORS.node_not_found();
  return path;
}
