import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { configFolder } from '../../base/config-folder.ts';
import {
  addToClient,
  type ChangeOptions,
  type ClientReport,
  clientReport,
  problemOf,
  removeFromClient,
} from './change-client.ts';
import { claudeClient } from './claude-client.ts';
import { CLIENT_NAMES, type Client, clientsFolder } from './client.ts';
import { codexClient } from './codex-client.ts';
import { desktopClient } from './desktop-client.ts';
import { geminiClient } from './gemini-client.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { findLeftovers, type Leftover, removePythonLinks } from './python-edition.ts';

const CLIENTS: readonly Client[] = [claudeClient, codexClient, geminiClient, desktopClient];

export interface InstallInput extends ChangeOptions {
  /** Absent: every client that is found. */
  clients?: readonly string[] | undefined;
  /** Removes links of the Python edition. */
  removePython: boolean;
}

export interface InstallReport {
  clients: readonly ClientReport[];
  /** What may be taken for us: links of the Python edition, other programs of our name. */
  leftovers: readonly Leftover[];
  removedLinks: readonly string[];
}

/** Adds samocode to chat programs: server, skills and commands. Doing it twice changes nothing more. */
export async function install(input: InstallInput, context: ActionContext): Promise<InstallReport> {
  const reports: ClientReport[] = [];
  for (const client of clientsOf(input)) {
    const program = await client.find(context);
    if (program !== undefined)
      reports.push(await guarded(client, input, () => addToClient(client, program, { input, context })));
    else if (isNamed(input)) reports.push(clientReport(client, 'not_found', []));
  }
  if (reports.length === 0) throw INSTALL_ERRORS.no_client();
  if (!input.dryRun) await tidyOwnFolders(context);
  return await withLeftovers(reports, input, context);
}

/** Removes what install added, and nothing else, whether the client is still there or not. */
export async function uninstall(input: InstallInput, context: ActionContext): Promise<InstallReport> {
  const reports: ClientReport[] = [];
  for (const client of clientsOf(input)) {
    const report = await guarded(client, input, () => removeFromClient(client, { input, context }));
    if (isNamed(input) || report.outcome !== 'nothing_to_do') reports.push(report);
  }
  if (!input.dryRun) await tidyOwnFolders(context);
  return await withLeftovers(reports, input, context);
}

// One client that refuses must not keep the others from being changed.
async function guarded(
  client: Client,
  input: InstallInput,
  act: () => Promise<ClientReport>,
): Promise<ClientReport> {
  try {
    return await act();
  } catch (error) {
    if (INSTALL_ERRORS.scope_not_supported.is(error) && !isNamed(input))
      return clientReport(client, 'not_supported', []);
    return { ...clientReport(client, 'failed', []), problem: problemOf(error) };
  }
}

async function withLeftovers(
  clients: readonly ClientReport[],
  input: InstallInput,
  context: ActionContext,
): Promise<InstallReport> {
  const found = await findLeftovers(context);
  const removed = input.removePython && !input.dryRun ? await removePythonLinks(found) : [];
  const leftovers = found.filter((leftover) => !removed.includes(leftover));
  return { clients, leftovers, removedLinks: removed.map(({ path }) => path) };
}

async function tidyOwnFolders(context: ActionContext): Promise<void> {
  const folder = clientsFolder(context);
  // Notes of an earlier version.
  await rm(join(folder, 'edits.json'), { force: true });
  // One that still holds something refuses, and so does the folder above it.
  for (const one of [folder, configFolder(context.home)]) await rmdir(one).catch(() => undefined);
}

function isNamed({ clients = [] }: InstallInput): boolean {
  return clients.length > 0;
}

function clientsOf(input: InstallInput): readonly Client[] {
  return isNamed(input) ? (input.clients ?? []).map(clientNamed) : CLIENTS;
}

function clientNamed(name: string): Client {
  const wanted = name.trim().toLowerCase();
  const client = CLIENTS.find((one) => one.name === wanted);
  if (client === undefined) throw INSTALL_ERRORS.unknown_client({ name, known: CLIENT_NAMES });
  return client;
}
