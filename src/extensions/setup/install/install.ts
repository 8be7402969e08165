import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { commandOnPath } from '../../../core/faces/package/package-source.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { isSamocodeError, systemErrorCode } from '../../../core/kernel/errors.ts';
import { fileRefused } from '../../../core/kernel/files/refused-file.ts';
import type { Client } from './client.ts';
import type { ClientName } from './client-names.ts';
import { CLIENTS, clientsFolder } from './clients.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { removalSteps } from './installed-part.ts';
import { serverPart, serverSteps } from './server-entry.ts';
import type { Step } from './step.ts';

export const INSTALL_SCOPES = ['user', 'project'] as const;
/** `user`: for this person, in all projects. `project`: in a project file that a team shares. */
export type InstallScope = (typeof INSTALL_SCOPES)[number];

export interface InstallInput {
  /** Absent: every client that is found. */
  clients?: readonly string[];
  scope: InstallScope;
  /** For the project scope; the working directory by default. */
  projectDir?: string;
  /** Changes nothing; the report says what would change. */
  dryRun: boolean;
  /** Writes the client's rules: it asks before human acts, and not before our other tools. */
  allow: boolean;
  /** Replaces a server with our name that starts something else. */
  replace?: boolean;
  /** Adds the skills and commands for work in a chat, which every chat then lists to its model. */
  allSkills?: boolean;
  /** Called before each client and before each step; not in a dry run. */
  onProgress?: ((event: { title: string; step?: string }) => void) | undefined;
}

export interface InstallReport {
  clients: readonly ClientReport[];
}

export interface ClientReport {
  client: ClientName;
  title: string;
  /** Of a client that was not named: `not_supported` without a project file, `by_hand` with comments in its settings. */
  outcome:
    | 'changed'
    | 'would_change'
    | 'nothing_to_do'
    | 'not_found'
    | 'not_supported'
    | 'by_hand'
    | 'failed';
  /** What is installed now, in a few words. */
  summary?: string;
  /** In the order of execution. */
  steps: readonly string[];
  failedStep?: string;
  /** What the person does next. */
  next?: string;
  problem?: {
    code: string;
    message: string;
    hint: string;
    /** The first lines of the error of the client's own command. */
    said?: string;
  };
  /** Our parts that could not be removed, with the reason. */
  stays?: readonly string[];
}

/** Adds samocode to chat programs: server, skills and commands. Idempotent. */
export async function install(input: InstallInput, context: ActionContext): Promise<InstallReport> {
  const clients: ClientReport[] = [];
  for (const client of clientsOf(input)) {
    const program = await client.detect(context);
    if (program !== undefined)
      clients.push(await changed(client, input, () => stepsToAdd(client, program, { input, context })));
    else if (isNamed(input)) clients.push(reportOf(client, 'not_found'));
  }
  if (clients.length === 0) throw INSTALL_ERRORS.no_client();
  return { clients };
}

/** Removes exactly what install added, even if the client is gone. */
export async function uninstall(input: InstallInput, context: ActionContext): Promise<InstallReport> {
  const clients: ClientReport[] = [];
  for (const client of clientsOf(input)) {
    const report = await changed(client, input, () => stepsToRemove(client, { input, context }));
    if (isNamed(input) || report.outcome !== 'nothing_to_do') clients.push(report);
  }
  // rmdir fails for a folder that is not empty, and therefore for its parent too.
  if (!input.dryRun)
    for (const folder of [clientsFolder(context), configFolder(context.home)])
      await rmdir(folder).catch(() => undefined);
  return { clients };
}

interface Change {
  input: InstallInput;
  context: ActionContext;
}

/** Runs the steps of one client, or lists them. A client that fails must not stop the others. */
async function changed(
  client: Client,
  input: InstallInput,
  stepsOf: () => Promise<Step[]>,
): Promise<ClientReport> {
  const { title, restart, shows = '' } = client;
  const report = reportOf(client, 'failed');
  try {
    const steps = await stepsOf();
    report.steps = steps.map(({ words }) => words);
    if (steps.length === 0) return { ...report, outcome: 'nothing_to_do' };
    if (input.dryRun) return { ...report, outcome: 'would_change' };
    input.onProgress?.({ title });
    const stays: string[] = [];
    for (const { words: step, place, run } of steps) {
      input.onProgress?.({ title, step });
      report.failedStep = step;
      await run().catch((error) => {
        if (place === undefined) throw error;
        stays.push(`${place}: ${reportedProblem(error).message}`);
      });
    }
    report.failedStep = undefined;
    const summary = steps.flatMap(({ did = [] }) => did).join('; ') || undefined;
    if (stays.length === 0)
      return { ...report, outcome: 'changed', summary, next: `${restart}${summary ? shows : ''}.` };
    return { ...report, problem: reportedProblem(INSTALL_ERRORS.not_all_removed({ title })), stays };
  } catch (error) {
    if (INSTALL_ERRORS.scope_not_supported.is(error) && !isNamed(input))
      return { ...report, outcome: 'not_supported' };
    const isByHand = INSTALL_ERRORS.settings_have_comments.is(error) && !isNamed(input);
    return { ...report, outcome: isByHand ? 'by_hand' : 'failed', problem: reportedProblem(error) };
  }
}

async function stepsToAdd(client: Client, program: string, { input, context }: Change): Promise<Step[]> {
  const { title } = client;
  const { allSkills, replace = false } = input;
  if (input.scope === 'project') {
    const { path, format } = projectFile(client, { input, context });
    return await serverSteps(path, commandOnPath(), { title, replace, allSkills, format });
  }
  const steps = await client.add({ context, program, replace, allSkills });
  if (!input.allow || client.rules === undefined) return steps;
  return [...steps, ...(await client.rules(context, { isNew: steps.length > 0 }))];
}

async function stepsToRemove(client: Client, change: Change): Promise<Step[]> {
  if (change.input.scope === 'user') return await removalSteps(await client.remove(change.context));
  const { path, format } = projectFile(client, change);
  return await removalSteps([serverPart(path, format)]);
}

function projectFile({ title, project }: Client, { input, context }: Change) {
  if (project === undefined) throw INSTALL_ERRORS.scope_not_supported({ title });
  return { path: join(input.projectDir ?? context.cwd, project.file), format: project.format };
}

/** The error for the report. @throws unexpected errors */
function reportedProblem(thrown: unknown): NonNullable<ClientReport['problem']> {
  const isSystemError = !isSamocodeError(thrown) && systemErrorCode(thrown) !== undefined;
  const error = isSystemError ? fileRefused(thrown) : thrown;
  if (!isSamocodeError(error)) throw error;
  const { code, what, why, hint } = error;
  const said = INSTALL_ERRORS.client_command_failed.is(error) ? error.args.said : undefined;
  return { code, message: `${what} ${why}`, hint, said };
}

function reportOf({ name, title }: Client, outcome: ClientReport['outcome']): ClientReport {
  return { client: name, title, outcome, steps: [] };
}

function isNamed({ clients = [] }: InstallInput): boolean {
  return clients.length > 0;
}

function clientsOf(input: InstallInput): readonly Client[] {
  return isNamed(input) ? (input.clients ?? []).map(clientNamed) : CLIENTS;
}

function clientNamed(name: string): Client {
  const client = CLIENTS.find((one) => one.name === name.trim().toLowerCase());
  if (client === undefined)
    throw INSTALL_ERRORS.unknown_client({ name, known: CLIENTS.map((one) => one.name) });
  return client;
}
