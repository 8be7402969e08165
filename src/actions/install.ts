import { rmdir } from 'node:fs/promises';
import { isSamocodeError, SamocodeError, systemErrorCode } from '../base/errors.ts';
import { configFolder } from '../project/config-folder.ts';
import type { ActionContext } from './context.ts';
import { claudeClient } from './install/claude-client.ts';
import {
  CLIENT_NAMES,
  type Client,
  type ClientName,
  type ClientWork,
  clientsFolder,
  type InstallScope,
} from './install/client.ts';
import { codexClient } from './install/codex-client.ts';
import { desktopClient } from './install/desktop-client.ts';
import { geminiClient } from './install/gemini-client.ts';
import { findLeftovers, type Leftover, removePythonLinks } from './install/python-edition.ts';
import { ScopeError } from './install/scope-error.ts';
import { ClientCommandError, doStep, type Step, stepWords } from './install/step.ts';

const CLIENTS: readonly Client[] = [claudeClient, codexClient, geminiClient, desktopClient];

export interface InstallInput {
  /** Absent: every client that is found. */
  clients?: readonly string[] | undefined;
  scope: InstallScope;
  /** The project's folder for its scope; the working directory unless told. */
  projectDir?: string | undefined;
  /** Nothing is changed; the report says what would be. */
  dryRun: boolean;
  /** Adds our tools to the client's allow-list where it has one, the human's acts left out. */
  allow: boolean;
  /** Removes links of the Python edition. */
  removePython: boolean;
}

export interface ClientReport {
  client: ClientName;
  title: string;
  /** `not_supported`: nobody named it, and it knows no such scope. */
  outcome: 'changed' | 'would_change' | 'nothing_to_do' | 'not_found' | 'not_supported' | 'failed';
  /** In the order in which they are or would be done. */
  steps: readonly string[];
  /** What the person does next. */
  next?: string;
  problem?: {
    code: string;
    message: string;
    hint: string;
    /** The end of what the client's own command printed. */
    said?: string;
  };
}

export interface InstallReport {
  clients: readonly ClientReport[];
  /** What may be taken for us: links of the Python edition, other programs of our name. */
  leftovers: readonly Leftover[];
  removedLinks: readonly string[];
}

/** Adds samocode to chat programs: server, skills and commands. Doing it twice changes nothing more. */
export async function install(input: InstallInput, context: ActionContext): Promise<InstallReport> {
  return await change(input, context, {
    stepsFor: (client, work) => client.installSteps(work),
    next: ({ restart, shownBy }) => `${restart}${shownBy ? `; ${shownBy} then shows samocode` : ''}.`,
  });
}

/** Takes out again what install added, and nothing else. */
export async function uninstall(input: InstallInput, context: ActionContext): Promise<InstallReport> {
  const report = await change(input, context, {
    stepsFor: (client, work) => client.uninstallSteps(work),
    next: ({ restart }) => `${restart}.`,
  });
  if (!input.dryRun) await removeIfEmpty([clientsFolder(context), configFolder(context.home)]);
  return report;
}

async function removeIfEmpty(folders: readonly string[]): Promise<void> {
  // One that still holds something refuses, and so does the folder above it.
  for (const folder of folders) await rmdir(folder).catch(() => undefined);
}

/** What tells install and uninstall apart. */
interface Way {
  stepsFor(client: Client, work: ClientWork): Promise<Step[]>;
  /** What the person does after a change. */
  next(client: Client): string;
}

async function change(input: InstallInput, context: ActionContext, way: Way): Promise<InstallReport> {
  const asked = (input.clients ?? []).map(clientNamed);
  const reports: ClientReport[] = [];
  for (const client of asked.length > 0 ? asked : CLIENTS) {
    const place = await client.find(context);
    if (place !== undefined) {
      const { scope, allow } = input;
      const work = { context, scope, allow, place, projectDir: input.projectDir ?? context.cwd };
      reports.push(
        await changeOne(client, work, { ...way, dryRun: input.dryRun, isNamed: asked.length > 0 }),
      );
    } else if (asked.includes(client)) {
      reports.push({ client: client.name, title: client.title, outcome: 'not_found', steps: [] });
    }
  }
  if (reports.length === 0) throw new NoClientError();
  const found = await findLeftovers(context);
  const removed = input.removePython && !input.dryRun ? await removePythonLinks(found) : [];
  const leftovers = found.filter((leftover) => !removed.includes(leftover));
  return { clients: reports, leftovers, removedLinks: removed.map(({ path }) => path) };
}

// One client that refuses must not keep the others from being changed.
async function changeOne(
  client: Client,
  work: ClientWork,
  { stepsFor, next, dryRun, isNamed }: Way & { dryRun: boolean; isNamed: boolean },
): Promise<ClientReport> {
  const { name, title } = client;
  const steps: Step[] = [];
  try {
    steps.push(...(await stepsFor(client, work)));
    const words = steps.map(stepWords);
    if (steps.length === 0) return { client: name, title, outcome: 'nothing_to_do', steps: words };
    if (dryRun) return { client: name, title, outcome: 'would_change', steps: words };
    for (const step of steps) await doStep(step, work.context.env);
    return { client: name, title, outcome: 'changed', steps: words, next: next(client) };
  } catch (thrown) {
    const error = isRefusedFile(thrown) ? new FileRefusedError(title, thrown) : thrown;
    if (!isSamocodeError(error)) throw error;
    if (error instanceof ScopeError && !isNamed)
      return { client: name, title, outcome: 'not_supported', steps: [] };
    const { code, what, why, hint } = error;
    const said = error instanceof ClientCommandError ? { said: error.said } : {};
    const problem = { code, message: `${what} ${why}`, hint, ...said };
    return { client: name, title, outcome: 'failed', steps: steps.map(stepWords), problem };
  }
}

function clientNamed(name: string): Client {
  const wanted = name.trim().toLowerCase();
  const client = CLIENTS.find((one) => one.name === wanted);
  if (client === undefined) throw new UnknownClientError(name);
  return client;
}

function isRefusedFile(error: unknown): error is NodeJS.ErrnoException {
  return !isSamocodeError(error) && systemErrorCode(error) !== undefined;
}

class FileRefusedError extends SamocodeError {
  readonly code = 'file_refused';

  constructor(title: string, cause: NodeJS.ErrnoException) {
    super(
      `${title} was not changed to its end.`,
      `The machine refused a file: ${cause.code}${cause.path === undefined ? '' : ` at ${cause.path}`}.`,
      'Put it right, then try again: what is done already is not done twice.',
      { cause },
    );
  }
}

class UnknownClientError extends SamocodeError {
  readonly code = 'unknown_client';

  constructor(name: string) {
    super(
      `There is no client called "${name}".`,
      `The clients are: ${CLIENT_NAMES.join(', ')}.`,
      'Name one of them, or none to take every one that is found.',
    );
  }
}

export class NoClientError extends SamocodeError {
  readonly code = 'no_client';

  constructor() {
    super(
      'Nothing was changed.',
      'No client was found: neither claude, codex nor gemini is on PATH, and Claude Desktop has no settings here.',
      'Install one of them, or name it with --client; the terminal alone needs no client at all.',
    );
  }
}
