import type { ActionContext } from '../../actions/acting/context.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import { fileRefused } from '../../base/files/refused-file.ts';
import type { Client, ClientName, ClientPlace, InstallScope } from './client.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { doStep, stepWords } from './step.ts';
import { isThere, removeTrace, type Trace, traceWords } from './trace.ts';

/** How a client is changed. */
export interface ChangeOptions {
  scope: InstallScope;
  /** The project's folder for its scope; the working directory unless given. */
  projectDir?: string | undefined;
  /** Nothing is changed; the report says what would be. */
  dryRun: boolean;
  /** Adds our tools to the client's allow-list where it has one, the human's acts left out. */
  allow: boolean;
  /** Replaces a server of our name that starts something else. */
  replace?: boolean | undefined;
  /** Called when a client's turn comes, and before each step; not in a dry run. */
  onProgress?: ((event: InstallProgress) => void) | undefined;
}

export interface InstallProgress {
  title: string;
  /** The step that begins, or still runs, in words; absent: the client's turn comes. */
  step?: string;
}

export interface ClientReport {
  client: ClientName;
  title: string;
  /** `not_supported`: nobody named it, and it knows no such scope. */
  outcome: 'changed' | 'would_change' | 'nothing_to_do' | 'not_found' | 'not_supported' | 'failed';
  /** In the order in which they are or would be done. */
  steps: readonly string[];
  /** The one of `steps` at which an installation ended. */
  failedStep?: string;
  /** All of samocode was removed from the client again after the failed step. */
  isRolledBack?: true;
  /** What the person does next. */
  next?: string;
  problem?: {
    code: string;
    message: string;
    hint: string;
    /** The first lines of the error of the client's own command. */
    said?: string;
  };
  /** What of ours could not be removed, with the reason. */
  stays?: readonly string[];
}

export interface Change {
  input: ChangeOptions;
  context: ActionContext;
}

/** Adds samocode to one client; what a step that fails leaves behind is removed. @throws scope_not_supported, settings_file_unreadable */
export async function addToClient(
  client: Client,
  program: string,
  { input, context }: Change,
): Promise<ClientReport> {
  const { title, restart, shownBy } = client;
  const place = placeOf(input, context);
  if (!input.dryRun) input.onProgress?.({ title });
  const steps = await client.installSteps({
    ...place,
    program,
    allow: input.allow,
    replace: input.replace ?? false,
  });
  const words = steps.map(stepWords);
  if (steps.length === 0) return clientReport(client, 'nothing_to_do', words);
  if (input.dryRun) return clientReport(client, 'would_change', words);
  for (const [index, step] of steps.entries()) {
    const inWords = words[index] ?? '';
    input.onProgress?.({ title, step: inWords });
    try {
      await notSilently(() => doStep(step, context.env), title, { input, context });
    } catch (error) {
      const failed = {
        ...clientReport(client, 'failed', words),
        failedStep: inWords,
        problem: problemOf(error),
      };
      // A change of a file that fails has changed nothing; commands leave the steps before them behind.
      if (!steps.some(({ kind }) => kind === 'run')) return failed;
      const stays = await removeAll(await client.traces(place));
      return stays.length > 0 ? { ...failed, stays } : { ...failed, isRolledBack: true };
    }
  }
  const next = `${restart}${shownBy ? `; ${shownBy} then shows samocode` : ''}.`;
  return { ...clientReport(client, 'changed', words), next };
}

const BEAT_MS = 15_000;

/** Runs a step and reports from time to time that it still runs. */
async function notSilently(
  run: () => Promise<void>,
  title: string,
  { input, context: { clock } }: Change,
): Promise<void> {
  const ended = new AbortController();
  const beat = async () => {
    for (let beats = 1; ; beats += 1) {
      await clock.sleep(BEAT_MS, ended.signal);
      input.onProgress?.({ title, step: `still running after ${(beats * BEAT_MS) / 1000} s` });
    }
  };
  const beating = beat().catch((error) => {
    if (!ended.signal.aborted) throw error;
  });
  try {
    await run();
  } finally {
    ended.abort();
    await beating;
  }
}

/** Removes all that an installation left for one client. @throws scope_not_supported */
export async function removeFromClient(client: Client, { input, context }: Change): Promise<ClientReport> {
  const traces: Trace[] = [];
  // One that cannot be looked at is tried, and named when that fails.
  for (const trace of await client.traces(placeOf(input, context)))
    if (await isThere(trace).catch(() => true)) traces.push(trace);
  const words = traces.map(removalWords);
  if (traces.length === 0) return clientReport(client, 'nothing_to_do', words);
  if (input.dryRun) return clientReport(client, 'would_change', words);
  input.onProgress?.({ title: client.title });
  const stays = await removeAll(traces, (step) => input.onProgress?.({ title: client.title, step }));
  if (stays.length === 0) return { ...clientReport(client, 'changed', words), next: `${client.restart}.` };
  return {
    ...clientReport(client, 'failed', words),
    problem: problemOf(INSTALL_ERRORS.not_all_removed({ title: client.title })),
    stays,
  };
}

/** @returns what could not be removed, with the reason */
async function removeAll(traces: readonly Trace[], onStep?: (step: string) => void): Promise<string[]> {
  const stays: string[] = [];
  for (const trace of traces) {
    onStep?.(removalWords(trace));
    try {
      await removeTrace(trace);
    } catch (error) {
      if (!isSamocodeError(error) && systemErrorCode(error) === undefined) throw error;
      stays.push(`${traceWords(trace)}: ${isSamocodeError(error) ? error.why : systemErrorCode(error)}`);
    }
  }
  return stays;
}

function removalWords(trace: Trace): string {
  return stepWords({ kind: 'remove', trace });
}

/** What went wrong, for the report. @throws what is no failure that we expect */
export function problemOf(thrown: unknown): NonNullable<ClientReport['problem']> {
  const isOfSystem = !isSamocodeError(thrown) && systemErrorCode(thrown) !== undefined;
  const error = isOfSystem ? fileRefused(thrown) : thrown;
  if (!isSamocodeError(error)) throw error;
  const { code, what, why, hint } = error;
  const said = INSTALL_ERRORS.client_command_failed.is(error) ? error.args.said : undefined;
  return { code, message: `${what} ${why}`, hint, said };
}

export function clientReport(
  { name, title }: Client,
  outcome: ClientReport['outcome'],
  steps: readonly string[],
): ClientReport {
  return { client: name, title, outcome, steps };
}

function placeOf({ scope, projectDir }: ChangeOptions, context: ActionContext): ClientPlace {
  return { context, scope, projectDir: projectDir ?? context.cwd };
}
