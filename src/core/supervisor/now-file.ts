import { isoUtc } from '../kernel/clock.ts';
import { writeUnsynced } from '../kernel/files/atomic-file.ts';
import { needsHuman } from '../session/folder/session-list.ts';
import { spentFacts, spentOnDay } from '../session/waits/day-spent.ts';
import type { Scan } from './scan.ts';
import type { WatchedSession } from './session.ts';
import type { Supervisor } from './supervisor.ts';

/** One session in the supervisor's `now.json`. */
export interface NowSession {
  session: string;
  sessionsDir: string;
  state: string;
  phase: string;
  /** ISO time at which the state began. */
  since: string;
  needsYou: boolean;
  /** The reason why only a person can continue it. */
  person?: string;
}

/** `now.json` of the machine, for status bars: every unfinished session and the cost of the day. */
export class NowFile {
  readonly #supervisor: Supervisor;
  #written = '';

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** Writes the file if its content has changed. */
  async write({ sessions }: Scan): Promise<void> {
    const { paths, clock } = this.#supervisor;
    const rows = [...sessions.values()].filter(({ waits }) => waits.for !== 'nothing').map(rowOf);
    const needYou = rows.filter(({ needsYou }) => needsYou).length;
    const content = {
      supervisor: { pid: process.pid, version: __VERSION__ },
      needYou,
      ...spentFacts(await spentOnDay(paths.spent, clock.now())),
      sessions: rows,
    };
    const text = JSON.stringify(content);
    if (text === this.#written) return;
    writeUnsynced(paths.now, `${JSON.stringify({ v: 1, at: isoUtc(clock.now()), ...content })}\n`, {
      mode: 0o600,
    });
    this.#written = text;
  }
}

function rowOf({ view, waits, isDying }: WatchedSession): NowSession {
  const { status, progress } = view.state;
  const person = isDying ? 'crash_loop' : waits.for === 'person' ? waits.why : undefined;
  return {
    session: view.folder,
    sessionsDir: view.paths.sessionsDir,
    state: status.kind,
    phase: progress.phase,
    since: status.since,
    needsYou: person !== undefined || needsHuman(view),
    person,
  };
}
