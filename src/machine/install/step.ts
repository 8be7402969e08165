import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { definedOnly } from '../../base/defined-only.ts';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { withItems, withMember } from './json-member.ts';
import type { Files } from './package/package-parts.ts';
import { writePackage } from './package-copy.ts';
import { changeSettings, removeTrace, type Trace, traceWords } from './trace.ts';

/** One change to this machine, shown before it is made. */
export type Step =
  | { kind: 'write_package'; folder: string; files: Files }
  | RunStep
  | AddMember
  | { kind: 'add_items'; path: string; at: readonly string[]; items: readonly unknown[] }
  | { kind: 'remove'; trace: Trace };

export interface AddMember {
  kind: 'add_member';
  /** A JSON file. */
  path: string;
  at: readonly string[];
  value: unknown;
  /** What of the person's it replaces, in words. */
  insteadOf?: string;
  /** Why it is this change. */
  because?: string;
}

/** A command of the client's own. */
export interface RunStep {
  kind: 'run';
  program: string;
  args: readonly string[];
  cwd: string;
  /** Runs the command and undoes what it does beside its task. */
  around?: (run: () => Promise<void>) => Promise<void>;
  /** Why it is this command. */
  because?: string;
}

/** A step in words for people. */
export function stepWords(step: Step): string {
  switch (step.kind) {
    case 'write_package':
      return `write ${Object.keys(step.files).length} files into ${step.folder}`;
    case 'run':
      return `run ${commandOf(step)}${becauseOf(step)}`;
    case 'add_member':
      return `add to ${step.path}, at ${step.at.join('.')}: ${JSON.stringify(step.value)}${
        step.insteadOf === undefined ? '' : `, instead of your own: ${step.insteadOf}`
      }${becauseOf(step)}`;
    case 'add_items':
      return `add to ${step.path}, at ${step.at.join('.')}: ${JSON.stringify(step.items)}`;
    case 'remove':
      return step.trace.kind === 'folder'
        ? `remove ${traceWords(step.trace)}`
        : `remove samocode's part from ${traceWords(step.trace)}`;
    default:
      return step satisfies never;
  }
}

function becauseOf({ because }: RunStep | AddMember): string {
  return because === undefined ? '' : ` (${because})`;
}

function commandOf({ program, args }: RunStep): string {
  return [program, ...args].join(' ');
}

const LIMIT_MS = 120_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws client_command_failed, settings_file_unreadable, or a system error */
export async function doStep(step: Step, env: Environment): Promise<void> {
  switch (step.kind) {
    case 'write_package':
      return await writePackage(step.folder, step.files);
    case 'run':
      await mkdir(step.cwd, { recursive: true });
      return await (step.around ?? ((run) => run()))(() => run(step, env));
    case 'add_member':
      return await addTo(step.path, (text) => withMember(text, step.at, step.value));
    case 'add_items':
      return await addTo(step.path, (text) => withItems(text, step.at, step.items));
    case 'remove':
      return await removeTrace(step.trace);
    default:
      return step satisfies never;
  }
}

const EMPTY = '{}\n';

async function addTo(path: string, add: (text: string) => string | undefined): Promise<void> {
  if ((await ifExists(stat(path))) === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, EMPTY);
  } else if (add(await readFile(path, 'utf8')) === undefined)
    throw INSTALL_ERRORS.settings_file_unreadable({ path });
  if (await changeSettings(path, add)) throw INSTALL_ERRORS.settings_file_unreadable({ path });
}

async function run(step: RunStep, env: Environment): Promise<void> {
  const { program, args, cwd } = step;
  const result = await runCommand(program, args, { cwd, env: definedOnly(env), timeoutMs: LIMIT_MS });
  if (result.exitCode !== 0) {
    throw INSTALL_ERRORS.client_command_failed({
      command: commandOf(step),
      timedOut: result.timedOut,
      said: firstError(`${result.stderr}\n${result.stdout}`),
    });
  }
}

const SHOWN_LINES = 6;

/** The lines that say why: clients begin with what they do and end with where in their code it happened. */
function firstError(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(Boolean);
  const from = lines.findIndex((line) => /error|failed|cannot|invalid/i.test(line));
  return lines.slice(Math.max(0, from)).slice(0, SHOWN_LINES).join('\n').slice(0, 2000);
}
