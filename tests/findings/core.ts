import type { Finding } from './finding.ts';

/** Processes, leases, durability, git, time. */
export const CORE: readonly Finding[] = [
  {
    id: 'core A1',
    fault: 'a rewind that fails half-way cannot be undone',
    seen: 'red',
    shownBy: [
      [
        'project/rewind-locks.test.ts',
        'while git holds the lock of %s nothing is rewound, and the lock is named',
      ],
      ['e2e/worker/rewind-halfway.test.ts', 'blocks the session, and a resume completes it (core A1)'],
      [
        'e2e/worker/rewind-halfway.test.ts',
        'a rewind that failed halfway can be taken back, files, phase and gate (core A1)',
      ],
    ],
  },
  {
    id: 'core A2',
    fault: 'a busy API blocks a session within a minute',
    seen: 'red',
    shownBy: [
      [
        'faults/outages.test.ts',
        'a provider that is overloaded five times in a row is waited out, and the session goes on by itself (core A2)',
      ],
    ],
  },
  {
    id: 'core A3',
    fault: 'a git error in the stall check blocks the session while its agent lives',
    seen: 'red',
    shownBy: [
      [
        'faults/living-processes.test.ts',
        'a silent child whose worktree git can’t read for a while works to its end (core A3)',
      ],
      [
        'worker/living-child.test.ts',
        'a process table that can’t be read does not end the watch over a child before its time limit (core A3)',
      ],
      [
        'worker/living-child.test.ts',
        '%s does not block a session while the child of its iteration lives (core A3)',
      ],
      [
        'worker/living-child.test.ts',
        'a stop of a session that is blocked by %s starts a worker that ends the agent left alive (core A3)',
      ],
    ],
  },
  {
    id: 'core A4',
    fault: 'another time zone, or a ps that is killed, makes living processes dead on macOS',
    seen: 'red',
    shownBy: [
      [
        'base/process-identity.test.ts',
        'a process lives on when the time zone of the machine changes (core A4)',
      ],
      ['base/process-identity.test.ts', 'a ps that is killed tells of no dead process (core A4)'],
      ['base/process-identity.test.ts', 'a process is unknowable when %s could not read the boot (core A5)'],
    ],
  },
  {
    id: 'core A5',
    fault: 'a restarted container leaves a session running',
    seen: 'red',
    shownBy: [
      [
        'actions/unseen-worker.test.ts',
        'a session whose container was restarted needs its person: in status, list, supervisor and doctor',
      ],
      ['actions/unseen-worker.test.ts', 'for a session whose container was restarted ends'],
      ['base/lease.test.ts', 'the lease of a container that is %s: %#'],
    ],
  },
  {
    id: 'core B1',
    fault: 'cutForgedEnd cuts real events after a copy',
    seen: 'red',
    shownBy: [
      [
        'e2e/copied-folder.test.ts',
        'a session whose folders came back by a copy that keeps no times loses no event, and takes the answer that comes next',
      ],
    ],
  },
  {
    id: 'core B2',
    fault: 'events of one commit are torn apart; a torn start launches workers for ever',
    seen: 'red',
    shownBy: [
      [
        'session/whole-batch.test.ts',
        'the events of one commit are read together or not at all, wherever the log was torn',
      ],
      [
        'session/whole-batch.test.ts',
        'a log that was torn within a commit is cut back behind the one before, and the numbers go on there',
      ],
      ['session/lost-start.test.ts', 'a start that left $left needs no worker and is reported as lost'],
      ['actions/recent-revivals.test.ts', 'a session whose worker $what counts as revived $times times'],
      [
        'faults/torn-writes.test.ts',
        'are torn by crashes, and the session goes on as if nothing had happened',
      ],
    ],
  },
  {
    id: 'core B3',
    fault: 'a save of a person is lost between comparison and rename',
    seen: 'red',
    shownBy: [
      ['base/change-file-race.test.ts', 'a line that came while the draft was written stays'],
      [
        'base/change-file-race.test.ts',
        'a line that was written into the file that was just replaced is taken over',
      ],
      [
        'base/change-file-race.test.ts',
        'a file that an editor was just writing anew is changed as the editor left it',
      ],
      [
        'base/change-file-race.test.ts',
        'of two edits at the same moment both are kept, one of them beside the file',
      ],
      ['worker/projector-phase.test.ts', 'a phase that a person sets before %s is written down stays'],
    ],
  },
  {
    id: 'core B4',
    fault: 'half an answer is taken after two seconds',
    seen: 'red',
    shownBy: [
      [
        'session/typed-answers.test.ts',
        'answers count 2 s after the file says that they are complete, else after 30 s without a change of it',
      ],
      ['session/typed-answers.test.ts', 'each change of the file begins the rest anew'],
      [
        'e2e/gate-people.test.ts',
        'half an answer in a file that says nothing of its end is not taken, the whole one is',
      ],
      [
        'e2e/gate-people.test.ts',
        'what is typed on while an agent works is kept below the answer, and is no forgery',
      ],
    ],
  },
  {
    id: 'core B5',
    fault: 'a worker that comes back kills strangers whose group got a number again',
    seen: 'red',
    shownBy: [
      [
        'faults/living-processes.test.ts',
        'a group of strangers that has the number of a child long gone lives on (core B5)',
      ],
    ],
  },
  {
    id: 'core B6',
    fault: 'a takeover of a side that still lives makes two agents',
    seen: 'red',
    shownBy: [
      [
        'faults/living-processes.test.ts',
        'a worker whose session is taken over from elsewhere ends its agent and leaves (core B6)',
      ],
      [
        'worker/while-taking-commands.test.ts',
        'a lost lease aborts what is under way, also when there is no event to write (core B6)',
      ],
    ],
  },
  {
    id: 'core B7',
    fault: 'an event type of a newer program forks the history of an older one',
    seen: 'red',
    shownBy: [
      [
        'session/newer-event.test.ts',
        '%s in the next event is of a newer program: nothing is written behind it',
      ],
      [
        'session/event-schemas.test.ts',
        'an event has what its format has always had, and keys beside it that nobody has to read',
      ],
      [
        'session/commands.test.ts',
        'a command with %s is of a newer samocode, and none of it is left out unread',
      ],
      [
        'worker/take-commands.test.ts',
        'a command of a newer samocode is refused whole, with what it has and what to do',
      ],
    ],
  },
  {
    id: 'core B8',
    fault: 'sessions in moved or renamed folders die, or are archived into nowhere',
    seen: 'red',
    shownBy: [
      [
        'e2e/moved-folders.test.ts',
        'a session of a project folder that was renamed goes on in the new one after a resume',
      ],
      ['e2e/moved-folders.test.ts', 'a session of a project folder that was renamed can be archived there'],
      [
        'e2e/moved-folders.test.ts',
        'a session whose SESSIONS folder was moved is archived at its new place, and leaves nothing at the old one',
      ],
    ],
  },
  {
    id: 'core B9',
    fault: 'the circle breaker does not see work in submodules',
    seen: 'red',
    shownBy: [
      [
        'e2e/worker/no-progress.test.ts',
        'a commit in each iteration of a repository inside the worktree is progress (core B9)',
      ],
      ['project/submodules.test.ts', 'a worktree with a submodule is not removed, clean as it may seem'],
    ],
  },
  {
    id: 'core B10',
    fault: 'a silent tool call is ended at 20 minutes',
    seen: 'red',
    shownBy: [
      ['worker/open-tool.test.ts', 'a child of %s that is silent over %s ends at its time limit (core B10)'],
      ['actions/stall-timeout.test.ts', '(core B10)'],
    ],
  },
  {
    id: 'core B11',
    fault: 'one unreadable folder hides all sessions',
    seen: 'red',
    shownBy: [
      [
        'actions/unreadable-session.test.ts',
        'a session that may not be read is listed as unreadable, and hides no other',
      ],
      [
        'actions/unreadable-session.test.ts',
        'whatever goes over all sessions shows the others beside one that may not be read',
      ],
      [
        'actions/unreadable-session.test.ts',
        'a SESSIONS folder that may not be read hides no session of another project',
      ],
    ],
  },
  {
    id: 'core B12',
    fault: 'checkpoints have no bound and hold filtered files',
    seen: 'red',
    shownBy: [
      [
        'project/checkpoint-bounds.test.ts',
        'new files beyond the bounds are named once and not taken, and no rewind touches them (core B12)',
      ],
      [
        'project/checkpoint-bounds.test.ts',
        "of a file that the repository holds encrypted a checkpoint has the repository's own blob (core B12)",
      ],
    ],
  },
  {
    id: 'core B13',
    fault: 'a stop waits for the preparation',
    seen: 'red',
    shownBy: [
      ['e2e/stop-while-preparing.test.ts', 'a stop ends a fetch from a remote that never answers (core B13)'],
      [
        'e2e/stop-while-preparing.test.ts',
        'a stop ends the checkout of a worktree, which is made anew when the session goes on (core B13)',
      ],
    ],
  },
  {
    id: 'core C1',
    fault: 'flow lines are written again in another time zone',
    seen: 'red',
    shownBy: [
      [
        'worker/projector-again.test.ts',
        'a worker in the zone of %s writes no flow line again, and its own beside them',
      ],
    ],
  },
  {
    id: 'core C2',
    fault: 'old history lines are appended again after session.log was emptied',
    seen: 'red',
    shownBy: [
      [
        'worker/projector-again.test.ts',
        'history lines are not written again when session.log was emptied, however long the history is',
      ],
    ],
  },
  {
    id: 'core C3',
    fault: "the lock of the session's own branch stays",
    seen: 'red',
    shownBy: [
      [
        'faults/children.test.ts',
        "the lock that a killed git left of the session's branch stops no later commit (core C3)",
      ],
    ],
  },
  {
    id: 'core C4',
    fault: 'git sees the run folders of a SESSIONS repository; a stale lock ends commits silently',
    seen: 'red',
    shownBy: [
      [
        'actions/make-run-folder.test.ts',
        'git sees nothing of the run folders where SESSIONS is a repository of its own',
      ],
      [
        'project/session-repository-lock.test.ts',
        'a lock that stays in a repository of sessions is reported with its path',
      ],
    ],
  },
  {
    id: 'core C5',
    fault: 'the removal of a run folder races with a late worker; a further node each second',
    seen: 'red',
    shownBy: [
      [
        'actions/send-command.test.ts',
        'one worker that takes long to begin is waited for, not joined by more each second',
      ],
      ['actions/send-command.test.ts', 'a run folder that a worker has taken is not removed'],
    ],
  },
  {
    id: 'core C6',
    fault: 'a watched file is compared by clocks of two machines',
    seen: 'red',
    shownBy: [
      [
        'worker/wakes.test.ts',
        'an awaited file from a machine whose clock is behind wakes its session (core C6)',
      ],
      ['worker/wakes.test.ts', 'an awaited file that was only saved again wakes nothing (core C6)'],
    ],
  },
  {
    id: 'core C7',
    fault: 'documents are archived before their event',
    seen: 'red',
    shownBy: [
      [
        'worker/archive-documents.test.ts',
        'a document is moved when its archiving is recorded, not while the command is judged',
      ],
      [
        'e2e/archive-crash.test.ts',
        'documents whose archiving was recorded by a worker that died then are moved by the next',
      ],
    ],
  },
  {
    id: 'core C8',
    fault: 'iteration folders are never pruned',
    seen: 'read',
    shownBy: [
      [
        'worker/tidy-iteration.test.ts',
        'the machine files of the newest iterations stay, and those of older ones go',
      ],
    ],
  },
  {
    id: 'core C9',
    fault: 'new event logs and command folders are not synced by name',
    seen: 'red',
    shownBy: [
      [
        'base/synced-folders.test.ts',
        'the name of a guarded file that is new is on disk before anything counts in it',
      ],
    ],
  },
  {
    id: 'core C10',
    fault: 'a disk without hard links is reported as a lack of permission',
    seen: 'red',
    shownBy: [
      ['base/no-hard-links.test.ts', 'a disk that answers a hard link with %s is named as the reason'],
      [
        'base/no-hard-links.test.ts',
        'the doctor tries a hard link, says that there are none, and leaves nothing behind',
      ],
    ],
  },
  {
    id: 'core C11',
    fault: 'a Node that was upgraded away is reported as a lack of memory',
    seen: 'red',
    shownBy: [
      [
        'providers/node-upgraded.test.ts',
        'a program whose Node was upgraded away starts others with the Node of now (core C11)',
      ],
    ],
  },
  {
    id: 'core C12',
    fault: 'a lease number of 2^53−1 in the cache makes every worker spin',
    seen: 'red',
    shownBy: [
      ['base/lease-number.test.ts', 'above %s there is no lease, and no file is tried for it'],
      [
        'e2e/forged-cache.test.ts',
        'a lease number that stands in the cached state alone keeps no worker from the session',
      ],
    ],
  },
  {
    id: 'core C13',
    fault: 'a setting of husky is called not yours to change',
    seen: 'red',
    shownBy: [
      ['project/executing-settings.test.ts', '(core C13)'],
      [
        'e2e/worker/git-programs.test.ts',
        'a setting of git that starts programs is shown, and one resume of a person accepts it for good',
      ],
    ],
  },
];
