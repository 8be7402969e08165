import type { ActionContext } from '../caller/context/context.ts';
import { type ChannelTrouble, channelTroubles } from '../caller/facts/channel-state.ts';
import { REVIVAL_LIMIT, recentRevivals } from '../caller/facts/recent-revivals.ts';
import { stateRoot } from '../kernel/config-folder.ts';
import { machineSetting } from '../project/finding/machine-setting.ts';
import {
  isOff,
  judgedFolders,
  type Presence,
  readPresence,
  type SupervisorPaths,
  supervisorPaths,
  whyNoSupervisor,
} from '../sandbox/programs/supervisor-folder.ts';
import { byUrgency, readSessionList } from '../session/folder/session-list.ts';
import type { SessionView } from '../session/folder/session-view.ts';
import { type DaySpent, spentOnDay } from '../session/waits/day-spent.ts';
import { type Waits, waitsFor } from '../session/waits/next-wake.ts';
import { isPolled } from '../session/waits/pull-request.ts';
import { describeFailure } from './supervisor.ts';

/** A session that is running or waiting. */
export interface UnfinishedSession {
  view: SessionView;
  waits: Exclude<Waits, { for: 'nothing' }>;
  /** Its workers keep dying, so the supervisor starts no more of them. */
  isDying: boolean;
}

export interface SupervisorStatus {
  presence: Presence;
  paths: SupervisorPaths;
  /** SAMOCODE_SUPERVISOR is `off` in the environment of this command. */
  isOff: boolean;
  /** The reason why the supervisor's folder cannot be written; then no supervisor can run. */
  unwritable?: string;
  /** Where the logs of sessions are. */
  stateRoot: string;
  sessionsDirs: string[];
  problems: string[];
  /** Sessions that need a person come first. */
  sessions: UnfinishedSession[];
  /** Channels whose notifications are not delivered. */
  troubles: ChannelTrouble[];
  spentToday: DaySpent;
  usdPerDay?: number;
}

/** Reads what the supervisor of this machine and user watches, or would watch. Read-only. */
export async function readSupervisorStatus(context: ActionContext): Promise<SupervisorStatus> {
  const { env, home, host, clock } = context;
  const paths = supervisorPaths(home, host);
  const { watched, refused } = await judgedFolders(paths, home);
  const sessionsDirs = [...watched].sort();
  const problems = [...refused].map(
    ([dir, { error }]) => `${dir}: not watched. ${error.message} Run: samocode trust`,
  );
  const sessions: UnfinishedSession[] = [];
  for (const dir of sessionsDirs) {
    const views = await readSessionList(dir, host).catch((error: unknown) => {
      problems.push(`${dir}: ${describeFailure(error)}`);
      return [];
    });
    for (const view of views) {
      const waits = waitsFor(view, paths.identity);
      if (waits.for === 'nothing') continue;
      if (waits.for === 'pull_request' && !isPolled(view.state, clock.now())) continue;
      const isDying = waits.for === 'revival' && (await recentRevivals(view, context)) >= REVIVAL_LIMIT.times;
      sessions.push({ view, waits, isDying });
    }
  }
  const usdPerDay = await machineSetting('maxCostUsdPerDay', { env, home });
  const unwritable = await whyNoSupervisor(paths);
  return {
    presence: await readPresence(paths, host),
    paths,
    isOff: isOff(env),
    unwritable,
    stateRoot: stateRoot(home),
    sessionsDirs,
    problems,
    troubles: await channelTroubles(paths),
    sessions: sessions.sort((a, b) => byUrgency(a.view, b.view)),
    spentToday: await spentOnDay(paths.spent, clock.now()),
    usdPerDay,
  };
}
