import { utimes } from 'node:fs/promises';
import type { ActionContext } from '../../caller/context/context.ts';
import { findProjectFor } from '../../caller/context/find-project-for.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { supervise } from '../../caller/context/supervision.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { plainJson, readPlainFile } from '../../kernel/files/plain-file.ts';
import { SessionRecords } from '../../kernel/files/session-records.ts';
import type { SessionLimits } from '../../kernel/phases/limits.ts';
import { GATES } from '../../kernel/phases/table.ts';
import { agreedText } from '../../kernel/text.ts';
import { pendingCommandIds, readCommand } from '../../session/commands/commands.ts';
import { describeBy } from '../../session/documents/describe-event.ts';
import { Arrived } from '../../session/events/bodies/positions.ts';
import { atPlaces } from '../../session/events/bodies/session-file.ts';
import { isPersonal } from '../../session/events/bodies/who-acted.ts';
import { readSession } from '../../session/folder/read-session.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { foreignError, recordAsFound } from '../../session/log/foreign.ts';
import { identityOf, recordedFile } from '../../session/log/read-session-file.ts';
import { describeGates } from '../../session/words/facts.ts';

/** A foreign session, as a person sees it before they make it theirs. */
export interface ForeignSession {
  view: SessionView;
  /** What it would run and may spend, whole: each line is a sentence of ours or a value from its files. */
  lines: readonly string[];
  /** The fingerprint of its start: the adoption is of what was shown. */
  print: string;
}

/** @returns undefined if the session is this user's already */
export async function readForeign(
  question: SessionQuestion,
  context: ActionContext,
): Promise<ForeignSession | undefined> {
  const view = await findSession({ ...question, isAct: true, isAdoption: true }, context);
  return view.foreign === undefined ? undefined : await describe(view);
}

export async function readAllForeign(
  { projectDir }: Pick<SessionQuestion, 'projectDir'>,
  context: ActionContext,
): Promise<ForeignSession[]> {
  const { values } = await findProjectFor({ projectDir }, context);
  const views = await readAllSessions(values.sessions, context.host);
  const foreign: ForeignSession[] = [];
  for (const view of views) if (view.foreign === 'no_record') foreign.push(await describe(view));
  return foreign;
}

/**
 * Makes a foreign session one of this user's, whose commands then run. Whether the supervisor continues it is decided
 * by its lease, as for any other.
 */
export async function adoptSession(
  { view: { paths }, print }: Pick<ForeignSession, 'view' | 'print'>,
  context: ActionContext,
): Promise<SessionView> {
  await refuseFromInside(context);
  const { folder: session, sessionsDir } = paths;
  // A model could adopt what it wrote itself.
  if (!isPersonal(context.by)) throw ACTION_ERRORS.adoption_needs_person({ session });
  const recorded = await recordedFile(paths);
  if (recorded === undefined || identityOf(recorded).print !== print)
    throw ACTION_ERRORS.foreign_changed({ session });
  await recordAsFound(paths, new SessionRecords(context.home));
  // A supervisor reads a session again once its folder has changed.
  const now = new Date(context.clock.now());
  await utimes(paths.runDir, now, now);
  await supervise(context, sessionsDir);
  const view = await readSession(paths, context.host);
  if (view === undefined) throw new Error(`The run folder of ${session} has vanished.`);
  return view;
}

async function describe(view: SessionView): Promise<ForeignSession> {
  const { paths, state, foreign } = view;
  const recorded = await recordedFile(paths);
  if (recorded === undefined || (foreign !== undefined && foreign !== 'no_record'))
    throw foreignError(paths, foreign ?? 'no_record');
  const arrived = await plainJson(paths.arrived, Arrived);
  const file = atPlaces(recorded, paths, arrived ?? state.places);
  const { settings } = file;
  const open = GATES.filter((gate) => !settings.gates.includes(gate));
  const rows: (readonly [string, unknown])[] = [
    ['Task', state.goal ?? file.task ?? file.dive],
    ['State', state.status.kind],
    ['Sandbox', state.sandbox ?? file.sandbox],
    ['SETUP', settings.setup],
    ['Checks', state.checks ?? settings.checks],
    ['Proving and services', state.proving ?? settings.proving],
    ['Agent CLIs', { ...settings.cliPaths, ...(state.chosen?.cliPath && { chosen: state.chosen.cliPath }) }],
    ['Opened in the sandbox', settings.openings],
    ['Money and other limits', limitsText(state.raisedLimits ?? settings.limits)],
    ['Gates that open without you', open],
    ['Gates opened so far', describeGates(state)],
    ['Plan approved by', state.approvedPlan && describeBy(state.approvedPlan.by)],
    ['Other settings', rest(settings)],
    ['Repository', file.mainRepo],
    ['Worktree', state.worktree?.path],
    ['Accepted programs of git', await textOf(paths.gitSettings)],
    ['Queued commands', await commandsIn(paths)],
  ];
  const lines = rows.flatMap(([name, value]) =>
    isNothing(value)
      ? []
      : [`${name}: ${agreedText(typeof value === 'string' ? value : JSON.stringify(value))}`],
  );
  return { view, lines, print: identityOf(recorded).print };
}

function limitsText({ session, phases }: SessionLimits): string {
  const isNone = Object.keys({ ...session, ...phases }).length === 0;
  return isNone ? 'none' : JSON.stringify({ ...session, ...phases });
}

/** The settings that have no row of their own, so that none is left out. */
function rest(settings: NonNullable<SessionView['sessionFile']>['settings']): object {
  const { setup: _, checks: _c, proving: _p, cliPaths: _a, openings: _o, limits: _l, ...others } = settings;
  return others;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

const MAX_SHOWN_BYTES = 1024 * 1024;

async function textOf(path: string): Promise<string | undefined> {
  const reading = await readPlainFile(path, MAX_SHOWN_BYTES);
  if (reading.kind === 'missing') return undefined;
  return reading.kind === 'bytes' ? reading.bytes.toString('utf8').trim() : reading.problem;
}

async function commandsIn(paths: SessionView['paths']): Promise<unknown[]> {
  const read = await Promise.all(pendingCommandIds(paths).map((id) => readCommand(paths, id)));
  return read.flatMap((one) => (one === undefined ? [] : ['command' in one ? one.command : one.problem]));
}
