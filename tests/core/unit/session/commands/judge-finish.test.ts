import { expect, test } from 'vitest';
import { earlyRefusal } from '../../../../../src/core/caller/commands/early-refusal.ts';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import { judgeKind } from '../../../../../src/core/session/commands/command-rows.ts';
import type { Command } from '../../../../../src/core/session/commands/commands.ts';
import {
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgePublish,
  judgeUnarchive,
} from '../../../../../src/core/session/commands/judge-finish.ts';
import { judgeRound } from '../../../../../src/core/session/commands/judge-round.ts';
import { judgeMessage } from '../../../../../src/core/session/commands/judge-running.ts';
import type { SessionState } from '../../../../../src/core/session/events/state.ts';
import { type Tables, tabled } from '../../../../support/film.ts';
import { byPerson, DONE, RUNNING } from '../verdicts.ts';

const facts = { names: ['01-08-1000-dive-x.md', '01-08-1001-plan-x.md', '_qa.md'], isTaken: false };
const SESSION = { what: 'session' as const, keep: [] };
const documents = (...keep: string[]) => ({ what: 'documents' as const, keep });
const present = {
  ...{ kind: 'present' as const, unreachedCommits: 2 },
  uncommitted: [{ path: 'a', kind: 'added' as const }],
};
const withWork = { ...facts, worktree: { path: '/w', reading: present } };
const underWay = (kind: string) => {
  const work = { kind, by: byPerson, to: 'x', into: 'x', moved: [], kept: [], effects: [] };
  const state = { archived: false, work: work as unknown as NonNullable<SessionState['work']> };
  const kinds = ['unarchive', 'resume', 'stop'] as const;
  return Object.fromEntries(kinds.map((asked) => [asked, judgeKind(asked, state)]));
};

const ASKED = { by: byPerson, gateChannels: [...CHANNELS] };
const NONE = { names: [], isTaken: false };
const publish = (what: 'pull_request' | 'round' | 'issue', state: SessionState) =>
  judgePublish({ ...ASKED, what }, state, { sinceBase: 0 });
const ROUND = { number: 1, keys: ['a'], head: 'h', byHand: true };
const GONE = { path: '/w', reading: { kind: 'foreign', problem: 'no .git' } } as const;

/** What the caller says of a refusal. */
function said(kind: Command['kind'], verdict: ReturnType<typeof publish>): string {
  if (verdict.kind === 'accepted') throw new Error('It was accepted.');
  const { what, why } = earlyRefusal(kind, verdict);
  return `${what} ${why}`;
}

const archived = { ...DONE, archived: true };
const back = { progress: DONE.progress, answers: [], oldRounds: 0, oldPlans: [] };
const halfway = { kind: 'rewind', n: 1, by: byPerson, to: 1, commit: 'c', back, isHalfway: true } as const;

const FILMS: Tables = {
  'accepted, moved: an archiving of documents takes only those that are not kept': {
    'all but the plan': judgeArchive(documents('01-08-1001-plan-x.md'), DONE, facts),
  },
  'not_at_rest, folder_taken, would_lose_work, unknown_document, nothing_to_archive: an archiving is refused':
    {
      'of a running session': judgeArchive(SESSION, RUNNING, facts),
      'of a session whose archive name is taken': judgeArchive(SESSION, DONE, { ...facts, isTaken: true }),
      'of a worktree with uncommitted work': judgeArchive(SESSION, DONE, withWork),
      'of an unknown document': judgeArchive(documents('x.md'), DONE, facts),
      'of no documents': judgeArchive(documents(), DONE, NONE),
    },
  'accepted, not_archived, folder_taken: an archiving is reversed': {
    'of an archived session': judgeUnarchive({ archived: true }, facts),
    'of one that is not archived': judgeUnarchive({ archived: false }, facts),
    'of one whose path is taken': judgeUnarchive({ archived: true }, { isTaken: true }),
  },
  'busy: work that is in progress refuses each act but a stop, and says so': Object.fromEntries(
    ['archive', 'documents', 'unarchive', 'merge', 'discard_unbegun'].map((kind) => [kind, underWay(kind)]),
  ),
  'Nothing, No, not: the refusal of a command names its act': {
    'archive of a running session': said('archive', judgeArchive(SESSION, RUNNING, NONE)),
    'discard of a running session': said('discard', judgeDiscard(ASKED, RUNNING, NONE)),
    'discard to a taken name': said('discard', judgeDiscard(ASKED, DONE, { isTaken: true })),
    'discard of no worktree': said('discard', judgeDiscard(ASKED, DONE, { ...NONE, worktree: GONE })),
    'merge of a running session': said('merge', judgeMerge(ASKED, RUNNING, { into: 'main', ahead: 1 })),
    'merge of nothing': said('merge', judgeMerge(ASKED, DONE, { into: 'main', ahead: 0 })),
    'publish of a running session': said('publish', publish('pull_request', RUNNING)),
    'publish of nothing': said('publish', publish('pull_request', DONE)),
    'publish of an open round': said('publish', publish('round', RUNNING)),
    'publish to the issue of unmerged work': said('publish', publish('issue', DONE)),
    'round in a running session': said(
      'round',
      judgeRound({ by: byPerson, round: ROUND, byHand: true } as never, RUNNING, ASKED),
    ),
    'message to a done session': said('message', judgeMessage({ text: 'x' }, DONE)),
  },
  'archived, rewind_halfway, child_runs: only some kinds of commands are accepted': {
    'resume in the archive': judgeKind('resume', archived),
    'archive in the archive': judgeKind('archive', archived),
    'unarchive in the archive': judgeKind('unarchive', archived),
    'answer halfway through a rewind': judgeKind('answer', { archived: false, work: halfway }),
    'approve while an agent runs': judgeKind('approve', RUNNING, 'agent_runs'),
    'stop while an agent runs': judgeKind('stop', RUNNING, 'agent_runs'),
  },
};

test('what finishes a session is judged as these films show', async () => {
  await expect(tabled(FILMS)).toMatchFileSnapshot('../../../../golden/films/judge-finish.txt');
});
