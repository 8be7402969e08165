import { type ChannelTrouble, troubleWords } from '../../actions/reading/channel-state.ts';
import { duration } from '../../base/durations.ts';
import type { Status } from '../../session/events/state.ts';
import { sessionFacts } from '../../session/facts.ts';
import { handleOf } from '../../session/layout/names.ts';
import { stateLine, WORKER_GONE } from '../../session/words.ts';
import type { SupervisorStatus, UnfinishedSession } from '../../supervisor/supervisor-status.ts';
import type { Output } from '../terminal/output.ts';
import { fitLine } from '../terminal/style.ts';
import { cutToColumns, hanging, table } from './columns.ts';
import { namedLine, type Row } from './session-words.ts';

/** `samocode supervisor --status --json`: a contract, so names change only with the version. */
export interface SupervisorFacts {
  running: boolean;
  pid?: number;
  version?: string;
  /** ISO time. */
  since?: string;
  program?: string;
  /** `SAMOCODE_SUPERVISOR=off` is set here. */
  off?: true;
  /** Why its folder cannot be written. */
  unwritable?: string;
  /** The service manager that starts it with the machine. */
  service?: string;
  folder: string;
  spentTodayUsd: number;
  maxUsdPerDay?: number;
  problems: string[];
  /** Channels whose notifications do not get out. */
  channels: ChannelTrouble[];
  sessionsDirs: string[];
  sessions: UnfinishedFacts[];
}

interface UnfinishedFacts {
  session: string;
  sessionsDir: string;
  state: Status['kind'];
  /** What wakes it, one word; `person`: nothing but one. */
  waitsFor: UnfinishedSession['waits']['for'];
  /** The same in words. */
  words: string;
  /** ISO time since when its state holds. */
  since: string;
  needsYou: boolean;
}

export function supervisorFacts(
  status: SupervisorStatus,
  service: string | undefined,
  nowMs: number,
): SupervisorFacts {
  const { presence, paths, isOff, unwritable, sessionsDirs, problems, usdPerDay } = status;
  return {
    running: presence.kind === 'watching',
    ...(presence.kind === 'watching' && {
      pid: presence.pid,
      since: presence.since,
      version: presence.about?.version,
      program: presence.about?.program,
    }),
    off: isOff || undefined,
    unwritable,
    service,
    folder: paths.dir,
    spentTodayUsd: Math.round(status.spentTodayUsd * 100) / 100,
    maxUsdPerDay: usdPerDay,
    problems,
    channels: status.troubles,
    sessionsDirs,
    sessions: status.sessions.map((session) => unfinishedFacts(session, nowMs)),
  };
}

function unfinishedFacts(session: UnfinishedSession, nowMs: number): UnfinishedFacts {
  const { view, waits, isDying } = session;
  const { status } = view.state;
  return {
    session: view.folder,
    sessionsDir: view.paths.sessionsDir,
    state: status.kind,
    waitsFor: isDying ? 'person' : waits.for,
    words: waitsWords(session, nowMs),
    since: status.since,
    needsYou: isDying || waits.for === 'edit' || waits.for === 'person',
  };
}

const PERSON = {
  other_supervisor: (name: string) =>
    `last worked on by another machine, container or home: samocode resume ${name}`,
  unseen: (name: string) => `whether its worker is alive cannot be seen from here: samocode takeover ${name}`,
  lost: (name: string) => `cannot be continued: samocode status ${name}`,
  newer: () => 'belongs to a newer version of samocode',
};

/** What a session waits for, in one line. */
function waitsWords({ view, waits, isDying }: UnfinishedSession, nowMs: number): string {
  const name = handleOf(view.folder);
  const when = (time: string) => `in ${duration(Date.parse(time) - nowMs)}`;
  switch (waits.for) {
    case 'its_worker':
      return `its worker is running (${view.state.progress.phase})`;
    case 'revival':
      return isDying
        ? `crash loop, see ${view.paths.runDir}/worker.stderr: samocode resume ${name}`
        : `${WORKER_GONE}, and no new one has started yet`;
    case 'commands':
      return 'no worker has taken its command yet';
    case 'limit':
    case 'turn':
    case 'edit':
      return fitLine(stateLine(sessionFacts(view), { when }));
    case 'person':
      return PERSON[waits.why](name);
    default:
      return waits satisfies never;
  }
}

/** `samocode supervisor --status`. */
export function supervisorWords(facts: SupervisorFacts, output: Output, nowMs: number): string {
  const { style, textColumns: columns } = output;
  const { service, spentTodayUsd, maxUsdPerDay, problems, channels } = facts;
  const spent =
    spentTodayUsd > 0 || maxUsdPerDay !== undefined
      ? `$${spentTodayUsd.toFixed(2)} today${maxUsdPerDay === undefined ? '' : ` of $${maxUsdPerDay.toFixed(2)}`}`
      : undefined;
  const log =
    service === 'systemd' ? 'journalctl --user -u samocode-supervisor' : `${facts.folder}/supervisor.stderr`;
  const rows: Row[] = [
    ['program', facts.program],
    ['service', service],
    ['log', facts.running ? log : undefined],
    ['spent', spent],
    ...channels.map((one): Row => ['notify', troubleWords(one)]),
    ['problems', problems.length > 0 ? problems.join(' ') : undefined],
  ];
  const shown = rows.flatMap(([name, value]) => (value ? namedLine(name, value, { style, columns }) : []));
  const head = headWords(facts, output, nowMs).map((text) => hanging(text, { first: '', columns }));
  return [...head, ...shown, '', ...watchedWords(facts, output, nowMs)].join('\n');
}

function headWords(facts: SupervisorFacts, { style }: Output, nowMs: number): string[] {
  const { running, unwritable, sessions } = facts;
  if (running) return [`${style.good('The supervisor is running')}${runsWords(facts, nowMs)}.`];
  const none = style.attention('No supervisor is running.');
  if (unwritable !== undefined)
    return [
      `${none} ${unwritable}: sessions still run, but nothing watches them and no notification is sent.`,
    ];
  const off = facts.off
    ? 'SAMOCODE_SUPERVISOR=off is set here, so nothing starts one.'
    : 'Any act on a session starts one; to run it in this terminal: samocode supervisor';
  if (sessions.length === 0) return [`${none} None is needed: no session works or waits.`];
  return [`${none} Nothing watches the sessions below. ${off}`];
}

/** Behind "is running": the process, or nothing where a service is only just starting. */
export function runsWords(
  { pid, version, since }: Pick<SupervisorFacts, 'pid' | 'version' | 'since'>,
  nowMs: number,
): string {
  if (pid === undefined || since === undefined) return '';
  return `: process ${pid}, version ${version ?? 'unknown'}, for ${duration(nowMs - Date.parse(since))}`;
}

/** The registered folders, with the sessions of each that are not over. */
export function watchedWords(
  facts: SupervisorFacts,
  { style, textColumns: columns }: Output,
  nowMs: number,
): string[] {
  const { sessions, sessionsDirs } = facts;
  if (sessionsDirs.length === 0) return ['No folder of sessions is registered yet.'];
  const count =
    sessions.length === 0
      ? 'No session works or waits; these folders are watched'
      : `${sessions.length} ${sessions.length === 1 ? 'session works or waits' : 'sessions work or wait'}`;
  const lines = sessionsDirs.flatMap((dir) => {
    const rows = sessions
      .filter(({ sessionsDir }) => sessionsDir === dir)
      .map(({ session, words, since, needsYou }) => {
        const ago = `(${duration(nowMs - Date.parse(since))})`;
        const mark = needsYou ? style.attention('●') : ' ';
        return [cutToColumns(`  ${mark} ${session}`, columns), `${words} ${ago}`] as const;
      });
    return [`  ${style.dim(dir)}`, ...table(rows, { columns, least: 40 })];
  });
  return [`${count}:`, ...lines];
}
