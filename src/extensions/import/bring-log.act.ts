import { cp, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { findProjectFor } from '../../core/caller/context/find-project-for.ts';
import { findSession, type SessionQuestion } from '../../core/caller/context/find-session.ts';
import { refuseFromInside } from '../../core/caller/context/refuse-from-inside.ts';
import { supervise } from '../../core/caller/context/supervision.ts';
import { systemErrorCode } from '../../core/kernel/errors.ts';
import { crashPoint } from '../../core/kernel/fault-points.ts';
import { syncFolder, writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { fingerprint } from '../../core/kernel/files/fingerprint.ts';
import { filesBelow } from '../../core/kernel/files/path-stats.ts';
import { plainJson, readPlainFile } from '../../core/kernel/files/plain-file.ts';
import type { SessionLimits } from '../../core/kernel/phases/limits.ts';
import { GATES } from '../../core/kernel/phases/table.ts';
import { acquireLease } from '../../core/kernel/processes/lease.ts';
import { agreedText } from '../../core/kernel/text.ts';
import { trackedAt } from '../../core/project/finding/own-places.ts';
import { removeTree } from '../../core/project/git/remove-tree.ts';
import { supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import { pendingCommandIds, readCommand, removeCommand } from '../../core/session/commands/commands.ts';
import { describeBy } from '../../core/session/documents/describe-event.ts';
import { Arrived } from '../../core/session/events/bodies/positions.ts';
import { atPlaces, type FrozenSettings } from '../../core/session/events/bodies/session-file.ts';
import { isPersonal } from '../../core/session/events/bodies/who-acted.ts';
import { readSession } from '../../core/session/folder/read-session.ts';
import { makeRunRoot, movingFolder } from '../../core/session/folder/run-folders.ts';
import { readAllSessions } from '../../core/session/folder/session-list.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { earlierRunRoot, sessionPaths } from '../../core/session/layout/paths.ts';
import { readLog } from '../../core/session/log/event-log.ts';
import { readSessionFile } from '../../core/session/log/read-session-file.ts';
import { describeGates } from '../../core/session/words/facts.ts';
import { IMPORT_ERRORS } from './import-errors.ts';

/** A session whose log lies elsewhere, as a person sees it before they continue it. */
export interface SessionElsewhere {
  view: SessionView;
  /** What it would run and may spend, whole: each line is a sentence of ours or a value from its files. */
  lines: readonly string[];
  /** The fingerprint of these lines and of its log: what is continued is what was shown. */
  print: string;
}

/** @returns undefined if its log is where it belongs */
export async function readElsewhere(
  question: SessionQuestion,
  context: ActionContext,
): Promise<SessionElsewhere | undefined> {
  const view = await findSession({ ...question, isAct: true, mayBeElsewhere: true }, context);
  return view.otherBuild?.is === 'elsewhere' ? await elsewhereOf(view, context) : undefined;
}

/** Those of the project that no worker runs. */
export async function readAllElsewhere(
  { projectDir }: Pick<SessionQuestion, 'projectDir'>,
  context: ActionContext,
): Promise<SessionElsewhere[]> {
  const { values } = await findProjectFor({ projectDir }, context);
  const views = await readAllSessions(values.sessions, context.host);
  const elsewhere = views.filter(
    ({ otherBuild, worker }) => otherBuild?.is === 'elsewhere' && worker === 'none',
  );
  return await Promise.all(elsewhere.map((view) => elsewhereOf(view, context)));
}

/**
 * Brings the log of a session to where this version keeps it, so that it continues, without the commands that wait in
 * its folder. Safe to repeat after an interruption at any point.
 * @param anyway the person says that no other machine works on it
 */
export async function bringLog(
  { view: { paths: from }, print, anyway }: SessionElsewhere & { anyway?: boolean },
  context: ActionContext,
): Promise<SessionView> {
  await refuseFromInside(context);
  const { clock, host, by, home } = context;
  const { folder: session, sessionsDir } = from;
  // A model could continue what it wrote itself.
  if (!isPersonal(by)) throw IMPORT_ERRORS.import_needs_person({ session });
  const paths = sessionPaths(sessionsDir, session);
  {
    const { identity: supervisor } = supervisorPaths(home, host);
    const taking = { clock, host, supervisor, takeUnknowable: anyway === true };
    await using lease = await acquireLease(from.leases, taking);
    if ((await shownOf(from, context)).print !== print) throw IMPORT_ERRORS.log_changed({ session });
    for (const id of pendingCommandIds(from)) await removeCommand(from, id);
    await makeRunRoot(sessionsDir);
    await move(from, paths);
    await lease.release(paths.leases);
  }
  await supervise(context, sessionsDir);
  const view = await readSession(paths, host);
  if (view === undefined) throw new Error(`The run folder of ${session} has vanished.`);
  return view;
}

type Places = Pick<SessionView['paths'], 'folder' | 'sessionsDir' | 'runDir'>;

/**
 * First under a name that no version reads, with a file in its place, so that an older version that still runs finds
 * nothing to continue and can make nothing there.
 */
async function move({ folder, sessionsDir, runDir: from }: Places, { runDir: to }: Places): Promise<void> {
  const root = dirname(from);
  const moving = root === earlierRunRoot(sessionsDir) ? movingFolder(sessionsDir, folder) : from;
  if (from !== moving) await rename(from, moving);
  crashPoint('log-taken');
  if (root === earlierRunRoot(sessionsDir)) await writeWhole(join(root, folder), LEFT_BEHIND);
  crashPoint('log-replaced');
  try {
    await rename(moving, to);
  } catch (error) {
    if (systemErrorCode(error) !== 'EXDEV') throw error;
    const draft = join(dirname(to), `.${folder}.bringing`);
    await removeTree(draft);
    await cp(moving, draft, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    for (const name of filesBelow(draft)) await synced(join(draft, name));
    await rename(draft, to);
    crashPoint('log-copied');
    await syncFolder(dirname(to));
    await removeTree(moving);
  }
  await syncFolder(dirname(to));
  await syncFolder(root);
}

async function synced(path: string): Promise<void> {
  const file = await open(path);
  await file.sync().finally(() => file.close());
}

const LEFT_BEHIND =
  'The log of this session is in the home of its user (~/.local/state/samocode): earlier versions of samocode cannot continue it.\n';

/** What is shown of it. */
export async function elsewhereOf(view: SessionView, context: ActionContext): Promise<SessionElsewhere> {
  return { view, ...(await shownOf(view.paths, context)) };
}

async function shownOf(
  paths: SessionView['paths'],
  { env: baseEnv }: ActionContext,
): Promise<Pick<SessionElsewhere, 'lines' | 'print'>> {
  const { folder: session } = paths;
  const log = await readLog(paths, { useCache: false });
  const recorded = log?.state.file ?? (await readSessionFile(paths));
  if (recorded === undefined) throw IMPORT_ERRORS.log_says_nothing({ session, runDir: paths.runDir });
  const state = log?.state;
  const arrived = await plainJson(paths.arrived, Arrived);
  const file = atPlaces(recorded, paths, arrived ?? state?.places);
  const { settings } = file;
  const rows: (readonly [string, unknown])[] = [
    ['Task', state?.goal ?? file.task ?? file.dive],
    ['State', state?.status.kind],
    ['Sandbox', state?.sandbox ?? file.sandbox],
    ['SETUP', settings.setup],
    ['Checks', state?.checks ?? settings.checks],
    ['Proving and services', state?.proving ?? settings.proving],
    ['Agent CLIs', { ...settings.cliPaths, ...(state?.chosen?.cliPath && { chosen: state.chosen.cliPath }) }],
    ['Opened in the sandbox', settings.openings],
    ['Money and other limits', limitsText(state?.raisedLimits ?? settings.limits)],
    ['Gates that open without you', GATES.filter((gate) => !settings.gates.includes(gate))],
    ['Gates opened so far', state && describeGates(state)],
    ['Plan approved by', state?.approvedPlan && describeBy(state.approvedPlan.by)],
    ['Other settings', rest(settings)],
    ['Repository', file.mainRepo],
    ['Worktree', state?.worktree?.path],
    ['Accepted programs of git', await textOf(paths.gitSettings)],
    ['Queued commands, which are dropped', await commandsIn(paths)],
    ['Log', paths.runDir],
    ['Of its run folder in a commit', await trackedAt(paths.runDir, { baseEnv })],
  ];
  const lines = rows.flatMap(([name, value]) =>
    isNothing(value)
      ? []
      : [`${name}: ${agreedText(typeof value === 'string' ? value : JSON.stringify(value))}`],
  );
  return { lines, print: fingerprint(JSON.stringify([lines, log?.size, log?.tailHash])) };
}

function limitsText({ session, phases }: SessionLimits): string {
  const isNone = Object.keys({ ...session, ...phases }).length === 0;
  return isNone ? 'none' : JSON.stringify({ ...session, ...phases });
}

/** The settings that have no row of their own, so that none is left out. */
function rest(settings: FrozenSettings): object {
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
