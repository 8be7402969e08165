import { existsSync, realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { INSTALL_ERRORS } from './install-errors.ts';

/** Homebrew's folder for one version: an upgrade deletes it and points the link in `opt` to the new one. */
const CELLAR = /^(.*)\/Cellar\/([^/]+)\/[^/]+\/bin\/node$/;
const VERSIONED = /\/[^/]*\d+\.\d+[^/]*\//;
/** Folders that exist only for one shell, one run of npm or one checkout. */
const TEMPORARY = /\/(?:fnm_multishells|node_modules|_npx)\//;

/**
 * A path to our Node for files that must stay valid when Node is upgraded.
 * @param execPath `process.execPath`, with all links resolved
 * @param path the person's PATH
 */
export function stableNodePath(execPath: string, path = ''): string {
  const [, prefix, formula] = CELLAR.exec(execPath) ?? [];
  const linked = `${prefix}/opt/${formula}/bin/node`;
  if (formula !== undefined && existsSync(linked)) return linked;
  if (!VERSIONED.test(execPath)) return execPath;
  const real = realOf(execPath);
  const candidates = path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, 'node'))
    .filter((candidate) => !VERSIONED.test(candidate) && !TEMPORARY.test(candidate));
  return candidates.find((candidate) => real !== undefined && realOf(candidate) === real) ?? execPath;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Rejects a temporary program before anything is created that starts it. */
export function refuseIfTemporary(program: string, what: string): void {
  if (/[\\/]_npx[\\/]/.test(program)) throw INSTALL_ERRORS.program_not_lasting({ what, program });
}
