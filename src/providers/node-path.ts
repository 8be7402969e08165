import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { definedOnly } from '../base/defined-only.ts';
import { SamocodeError } from '../base/errors.ts';
import { runCommand } from '../base/run-command.ts';
import { findNodeScript } from './find-node.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is known of the program that runs us, as `process` has it. */
interface Runtime {
  execPath: string;
  versions: Readonly<Record<string, string | undefined>>;
}

/**
 * The Node that our programs are started with: the one that runs us, or another where that is none. In Claude
 * Desktop a server may run in an Electron UtilityProcess, whose program can't be started as Node; and an upgrade may
 * have deleted the program under a server that still runs.
 * @throws NodeNotFoundError
 */
export async function nodePath(env: Environment): Promise<string> {
  if (isNode(process)) return process.execPath;
  found ??= findNode(env, process).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return await found;
}

let found: Promise<string> | undefined;

function isNode({ execPath, versions }: Runtime): boolean {
  return versions.electron === undefined && /^node/.test(basename(execPath)) && existsSync(execPath);
}

/** Beyond the 5 s that the search gives to a login shell. */
const LIMIT_MS = 20_000;

/** @throws NodeNotFoundError */
async function findNode(env: Environment, { execPath, versions }: Runtime): Promise<string> {
  // Electron's own program answers --version too, and would open a window or hang when it is started as Node.
  const first = versions.electron === undefined ? [execPath] : [];
  const { stdout } = await runCommand(
    '/bin/sh',
    ['-c', `${findNodeScript()}find_node "$@"`, 'sh', ...first],
    {
      env: definedOnly(env),
      timeoutMs: LIMIT_MS,
    },
  );
  const path = stdout.trim();
  if (path === '') throw new NodeNotFoundError();
  return path;
}

class NodeNotFoundError extends SamocodeError {
  readonly code = 'node_not_found';

  constructor() {
    super(
      'No Node.js was found to run sessions with.',
      'The program that runs this server is not Node.js, and no Node.js 20.19 or newer is on PATH, in the usual folders or on the PATH of a login shell.',
      'Install Node.js 20.19 or newer from https://nodejs.org, then restart the client.',
    );
  }
}
