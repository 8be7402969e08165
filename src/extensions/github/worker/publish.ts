import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { findBaseBranch } from '../../../core/project/finishing/base-branch.ts';
import { isFromTerminal, withLogin } from '../../../core/sandbox/programs/login-shell.ts';
import type { FinishingOf } from '../../../core/session/events/bodies/finishing.ts';
import { FORMAT_VERSION, type NewEvent } from '../../../core/session/events/events.ts';
import { newestRound } from '../../../core/session/events/rounds.ts';
import { folderNow } from '../../../core/worker/commands/archive-places.ts';
import type { Failure } from '../../../core/worker/core/session-extension.ts';
import { stateOf, type Worker } from '../../../core/worker/core/worker.ts';
import { publishBranch, publishResult } from '../publish/publish-branch.ts';
import { publishRound, type RoundEnd } from '../publish/publish-round.ts';
import type { Publishable } from '../publish/publishable.ts';
import type { End } from '../publish/steps.ts';
import { pullRequestChange, RecordedSteps, Stopped } from './recorded-steps.ts';
import { round as beginRound } from './round.ts';

/** Publishes what was asked for. Each effect is repeatable and has its own outcome. */
export async function performPublish(worker: Worker, work: FinishingOf<'publish'>): Promise<NewEvent[]> {
  const env = await environmentOf(worker);
  const steps = new RecordedSteps(worker, work, env);
  const publication = await publicationOf(worker, env);
  try {
    switch (work.what) {
      case 'pull_request':
        return [ended(work, await publishBranch(publication, work, steps))];
      case 'issue':
        return [ended(work, await publishResult(publication, steps))];
      case 'round':
        return await endRound(worker, work, await publishRound(publication, steps));
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return [ended(work, { outcome: 'stopped', summary: 'Publishing was stopped.' })];
  }
}

/** The event that ends a publication after a lasting failure. */
export function publishFailed(work: FinishingOf<'publish'>, { message }: Failure): NewEvent {
  return ended(work, { outcome: 'failed', summary: message });
}

function ended({ by, what }: FinishingOf<'publish'>, end: End): NewEvent {
  return { type: 'publish_ended', by, what, commands: [], ...end, flow: end.summary };
}

async function endRound(
  worker: Worker,
  work: FinishingOf<'publish'>,
  { asks, joins, ...end }: RoundEnd,
): Promise<NewEvent[]> {
  const { by } = work;
  const { pullRequest } = stateOf(worker);
  const round = newestRound(stateOf(worker));
  if (asks !== undefined && pullRequest !== undefined)
    return [...pullRequestChange(worker, by, { url: pullRequest.url, asks }), ended(work, end)];
  if (joins === undefined || round === undefined) return [ended(work, end)];
  const { accepted: _, ...begun } = round;
  const { head, base } = joins;
  const outcome = await beginRound(worker, {
    ...{ v: FORMAT_VERSION, id: '', at: '', by, kind: 'round', text: '' },
    round: { ...begun, keys: [], head, base },
    ...(by.channel !== 'settings' && { byHand: true as const }),
  });
  if ('error' in outcome) return [ended(work, { outcome: 'failed', summary: outcome.error.why })];
  return [ended(work, end), ...outcome.events];
}

/** The login of git and gh may come from a start-up file of the shell. */
async function environmentOf({ environment: { started }, environment }: Worker): Promise<Worker['env']> {
  if (isFromTerminal(started)) return started;
  const login = await environment.read();
  return login.kind === 'read' ? withLogin(started, login.env) : started;
}

async function publicationOf(worker: Worker, env: Worker['env']): Promise<Publishable> {
  const { file, git } = worker;
  const state = stateOf(worker);
  const { worktree } = state;
  // An archived session has no worktree.
  await git.unaccepted(worktree && statsAt(worktree.path) ? worktree.path : undefined);
  const context = { ...git.context, baseEnv: env };
  const base = worktree && (await findBaseBranch({ mainRepo: file.mainRepo, ...worktree, ...context }));
  const view = { folder: file.folder, paths: folderNow(worker), state, sessionFile: file };
  return { view, base, git: context };
}
