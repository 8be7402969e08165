import { join } from 'node:path';
import { keptCheckpoints } from '../../project/checkpoints/checkpoint-refs.ts';
import { findBaseBranch } from '../../project/finishing/base-branch.ts';
import { readTrash } from '../../project/finishing/trash.ts';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import {
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgeUnarchive,
  judgeWatch,
} from '../../session/commands/judge-finish.ts';
import { judgeRewind } from '../../session/commands/judge-rewind.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { refNameOf } from '../../session/layout/names.ts';
import type { Handler } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { intoTrash } from './archived-work.ts';
import { freeArchiveName, moveDocuments } from './document-archive.ts';
import { foldersOf, intoArchive, outOfArchive } from './session-archive.ts';

export const archive: Handler<'archive'> = async (worker, { by, what, keep }) => {
  const { home, facts } = await beforeFinish(worker, what === 'session');
  const verdict = judgeArchive({ what, keep }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const { moved } = verdict;
  const to = join('_archive', what === 'session' ? home.folder : freeArchiveName(worker));
  const kept = keep.length > 0 ? `; kept: ${keep.join(', ')}` : '';
  const flow =
    what === 'session'
      ? `Archived; branch ${worker.file.settings.branch} is kept`
      : `${moved.length} documents archived -> ${to}${kept}`;
  const event = { type: 'archived', by, what, moved, to, flow } as const;
  return what === 'session'
    ? { events: [event], ...intoArchive(worker, by) }
    : { events: [event], after: () => moveDocuments(worker, event) };
};

export const unarchive: Handler<'unarchive'> = async (worker, { by }) => {
  const { home, away } = foldersOf(worker);
  const { trash } = stateOf(worker);
  const facts = {
    ...(await factsForFinish({ sessionDir: away.sessionDir, to: home.sessionDir })),
    trashReading:
      trash && (await readTrash({ mainRepo: worker.file.mainRepo, ...worker.git.context }, trash)),
  };
  const verdict = judgeUnarchive(stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  return {
    events: [{ type: 'unarchived', by, trash, flow: 'Restored from the archive' }],
    ...outOfArchive(worker, by, trash),
  };
};

/** Moves branch and worktree to the trash and archives the session; unarchive restores everything. */
export const discard: Handler<'discard'> = async (worker, { by }) => {
  const { home, facts } = await beforeFinish(worker, true);
  const verdict = judgeDiscard({ by, ...worker.file.settings }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const to = join('_archive', home.folder);
  const archived: NewEvent = { type: 'archived', by, what: 'session', moved: [], to };
  const { worktree } = facts;
  if (stateOf(worker).worktree === undefined || worktree === undefined)
    return { events: [archived], ...intoArchive(worker, by) };
  const filled = await intoTrash(worker, worktree);
  if ('kind' in filled) return filled;
  const { notices, trash } = filled;
  const flow = `Discarded; branch ${trash.branch} and worktree are kept as ${trash.ref} until ${trash.until.slice(0, 10)}`;
  return {
    events: [...notices, { type: 'discarded', by, trash, flow }, archived],
    ...intoArchive(worker, by),
  };
};

/** The session's paths outside the archive, and the facts for its judge. */
async function beforeFinish(worker: Worker, isInspected: boolean) {
  const { home, away } = foldersOf(worker);
  const { mainRepo } = worker.file;
  const worktreePath = isInspected ? stateOf(worker).worktree?.path : undefined;
  const worktree = worktreePath === undefined ? undefined : { mainRepo, worktreePath, ...worker.git.context };
  const facts = await factsForFinish({ sessionDir: home.sessionDir, to: away.sessionDir, worktree });
  return { home, facts };
}

/** Accepts a merge of the session's branch; the checks and the merge follow the event. */
export const merge: Handler<'merge'> = async (worker, { by }) => {
  const { mainRepo, settings } = worker.file;
  const { worktree } = stateOf(worker);
  const facts =
    worktree === undefined
      ? { into: undefined, ahead: 0 }
      : await findBaseBranch({ mainRepo, ...worktree, ...worker.git.context });
  const verdict = judgeMerge({ by, ...settings }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  return { events: [{ type: 'merge_asked', by, into: verdict.into }] };
};

/** Records the state of the pull request as the forge reports it. */
export const pullRequest: Handler<'pull_request'> = async (worker, { by, seen }) => {
  const verdict = judgeWatch({ by, ...worker.file.settings }, stateOf(worker), seen);
  if (verdict.kind === 'refused') return verdict;
  const { number, url, state, unseen, asks, round } = seen;
  const before = stateOf(worker).pullRequest;
  const isNews = before?.number !== number || before.state !== state || before.round !== round;
  const now = asks === undefined ? `is ${state}` : `needs a person: ${asks}`;
  const isSaid = unseen === undefined && (isNews || before.asks !== asks);
  const flow = isSaid ? `Pull request #${number} ${now}: ${url}` : undefined;
  return { events: [{ type: 'pull_request_seen', by, ...seen, ...(flow && { flow }) }] };
};

/** Accepts a rewind; the files are restored after the event. */
export const rewind: Handler<'rewind'> = async (worker, { by, to }) => {
  const { mainRepo } = worker.file;
  const verdict = judgeRewind({ to }, stateOf(worker), {
    events: await readEvents(worker.paths, 0),
    kept: await keptCheckpoints(refNameOf(worker.file), { ...worker.git.context, cwd: mainRepo }),
  });
  if (verdict.kind === 'refused') return verdict;
  return { events: [{ type: 'rewind_asked', by, to, commit: verdict.commit, back: verdict.back }] };
};
