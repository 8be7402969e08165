import { mkdir, readFile, rm } from 'node:fs/promises';
import { writeWhole } from '../../base/atomic-file.ts';
import { definedOnly } from '../../base/defined-only.ts';
import { ifExists, SamocodeError } from '../../base/errors.ts';
import { runCommand } from '../../base/run-command.ts';
import { keepingBytes } from './keep-bytes.ts';
import type { Files } from './package/package-parts.ts';
import { writePackage } from './package-copy.ts';
import { applyEdit, type SettingsEdit, undoEdit } from './settings-edit.ts';

/** One change to this machine, told before it is made. */
export type Step =
  | { kind: 'write_package'; folder: string; files: Files }
  | { kind: 'remove_folder'; folder: string }
  | RunStep
  | {
      kind: 'add_setting';
      edit: SettingsEdit;
      ledgerDir: string;
      /** What of the person's it takes the place of, in words. */
      replaces?: string;
    }
  | { kind: 'remove_setting'; edit: SettingsEdit; ledgerDir: string; putsBack: boolean };

/** A command of the client's own. */
export interface RunStep {
  kind: 'run';
  program: string;
  args: readonly string[];
  /** Clients note the folder that they are run in; this one is ours. */
  cwd: string;
  /** A file that the program writes anew; what it had no reason to touch keeps its bytes. */
  settings?: { path: string; ledgerDir: string };
  /** A file that is put back as it was. */
  untouchedPath?: string;
}

/** A step in words for people, as it is shown before anything happens. */
export function stepWords(step: Step): string {
  switch (step.kind) {
    case 'write_package':
      return `write ${Object.keys(step.files).length} files into ${step.folder}`;
    case 'remove_folder':
      return `remove ${step.folder}`;
    case 'run':
      return `run ${[step.program, ...step.args].join(' ')}`;
    case 'add_setting':
      return `add to ${step.edit.path}, at ${step.edit.at.join('.')}: ${JSON.stringify(step.edit.value)}${instead(step)}`;
    case 'remove_setting':
      return step.putsBack
        ? `put back in ${step.edit.path}, at ${step.edit.at.join('.')}, what samocode replaced`
        : `remove from ${step.edit.path}, at ${step.edit.at.join('.')}, what samocode added`;
    default:
      return step satisfies never;
  }
}

function instead({ replaces }: { replaces?: string }): string {
  return replaces === undefined
    ? ''
    : `, instead of what you have there: ${replaces} (uninstall puts it back)`;
}

const LIMIT_MS = 120_000;

/** @throws ClientCommandError, SettingsFileError */
export async function doStep(step: Step, env: Environment): Promise<void> {
  switch (step.kind) {
    case 'write_package':
      return await writePackage(step.folder, step.files);
    case 'remove_folder':
      return await rm(step.folder, { recursive: true, force: true });
    case 'run':
      return await runStep(step, env);
    case 'add_setting':
      return await applyEdit(step.edit, step.ledgerDir);
    case 'remove_setting':
      await undoEdit(step.edit, step.ledgerDir);
      return;
    default:
      return step satisfies never;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

async function runStep(step: RunStep, env: Environment): Promise<void> {
  const { settings, untouchedPath } = step;
  await mkdir(step.cwd, { recursive: true });
  const before = untouchedPath === undefined ? undefined : await ifExists(readFile(untouchedPath));
  if (settings === undefined) await run(step, env);
  else await keepingBytes(settings.path, settings.ledgerDir, async () => await run(step, env));
  if (untouchedPath === undefined) return;
  if (before === undefined) await rm(untouchedPath, { force: true });
  else if (!before.equals(await readFile(untouchedPath))) await writeWhole(untouchedPath, before, 0o600);
}

async function run({ program, args, cwd }: RunStep, env: Environment): Promise<void> {
  const result = await runCommand(program, args, {
    cwd,
    env: definedOnly(env),
    timeoutMs: LIMIT_MS,
  });
  if (result.exitCode !== 0) {
    const said = `${result.stdout}
${result.stderr}`
      .trim()
      .slice(-2000);
    throw new ClientCommandError([program, ...args].join(' '), result.timedOut, said);
  }
}

export class ClientCommandError extends SamocodeError {
  readonly code = 'client_command_failed';

  /** The end of what it printed: not our words, so for people alone. */
  readonly said: string;

  constructor(command: string, timedOut: boolean, said: string) {
    super(
      "A command of the client's failed.",
      `${command} ${timedOut ? 'did not end within two minutes' : 'ended with an error'}.`,
      'Run it yourself to see why, then run samocode install again: what is done already is not done twice.',
    );
    this.said = said;
  }
}
