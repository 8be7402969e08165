import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { ifExists } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import type { Files } from './client-packages.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { changeMember } from './settings-file.ts';

/** One change to this machine, shown before it is made. */
export interface Step {
  words: string;
  /** The result of the step, for the summary of an installation. */
  did?: string;
  /** What a removal step removes; if that fails, the following steps still run. */
  place?: string;
  run(): Promise<void>;
}

/** Makes `folder` contain exactly these files. */
export function packageStep(folder: string, files: Files): Step {
  return {
    words: `write ${Object.keys(files).length} files into ${folder}`,
    async run() {
      await rm(folder, { recursive: true, force: true });
      for (const [path, text] of Object.entries(files)) {
        makeFolder(dirname(join(folder, path)));
        await writeWhole(join(folder, path), text);
      }
    },
  };
}

export async function holdsPackage(folder: string, files: Files): Promise<boolean> {
  for (const [path, text] of Object.entries(files)) {
    if ((await ifExists(readFile(join(folder, path), 'utf8'))) !== text) return false;
  }
  return true;
}

/** Sets a member of a JSON file; of a list, adds the items that are missing. */
export function addStep(path: string, at: readonly string[], added: unknown): Step {
  return {
    words: `add to ${path}, at ${at.join('.')}: ${JSON.stringify(added)}`,
    async run() {
      if ((await ifExists(stat(path))) === undefined) {
        makeFolder(dirname(path));
        await writeWhole(path, '{}\n');
      }
      await changeMember(path, at, (there = []) => {
        if (!Array.isArray(added)) return added;
        if (!Array.isArray(there)) throw INSTALL_ERRORS.settings_file_unreadable({ path });
        return [...new Set([...there, ...added])];
      });
    },
  };
}

const LIMIT_MS = 120_000;

/** Runs a command of the client in `cwd`. */
export function commandStep(
  program: string,
  args: readonly string[],
  { cwd, env }: Pick<ActionContext, 'cwd' | 'env'>,
): Step {
  const command = [program, ...args].join(' ');
  return {
    words: `run ${command}`,
    async run() {
      makeFolder(cwd);
      const result = await runCommand(program, args, { cwd, env: definedOnly(env), timeoutMs: LIMIT_MS });
      if (result.exitCode === 0) return;
      const said = firstError(`${result.stderr}\n${result.stdout}`);
      throw INSTALL_ERRORS.client_command_failed({ command, timedOut: result.timedOut, said });
    },
  };
}

const SHOWN_LINES = 6;

/** The lines with the reason: clients first print what they do, and a stack trace last. */
function firstError(output: string): string {
  const lines = output.split(/\s*\n/).filter(Boolean);
  const from = lines.findIndex((line) => /error|failed|cannot|invalid/i.test(line));
  return lines.slice(Math.max(0, from)).slice(0, SHOWN_LINES).join('\n').slice(0, 2000);
}
