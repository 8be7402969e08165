import type { Finding } from './finding.ts';

/** The bugs of the review, and the tests' own weaknesses. */
export const HOUSE: readonly Finding[] = [
  {
    id: 'house 6.1',
    fault: 'a repeated command id never gets its answer',
    seen: 'red',
    shownBy: [
      [
        'actions/send-command.test.ts',
        'whoever waits for a command that was accepted before gets that answer, and no worker is started',
      ],
    ],
  },
  {
    id: 'house 6.2',
    fault: 'documents are archived while the command is judged',
    seen: 'red',
    shownBy: [
      [
        'worker/archive-documents.test.ts',
        'a document is moved when its archiving is recorded, not while the command is judged',
      ],
    ],
  },
  {
    id: 'house 6.3',
    fault: 'reads start paid work',
    seen: 'red',
    shownBy: [
      [
        'e2e/server/reads-start-nothing.test.ts',
        'no tool that reads and no resource starts a process for a session with a dead worker (house 6.3)',
      ],
      [
        'e2e/server/reads-start-nothing.test.ts',
        'no command that reads, no doctor and no --dry-run starts a process for a session with a dead worker (house 6.3)',
      ],
    ],
  },
  {
    id: 'house 6.4',
    fault: 'known projects are lost when many are written at once',
    seen: 'later',
    with: 'supervisor',
  },
  {
    id: 'house 6.5',
    fault: "the meter lists all of Codex's folders each second",
    seen: 'red',
    shownBy: [
      [
        'providers/codex-rollout-search.test.ts',
        'the log of a running thread is not looked for in older days each second, only at its end (house 6.5)',
      ],
    ],
  },
  {
    id: 'house 6.6',
    fault: 'wide characters overflow, FORCE_COLOR is ignored',
    seen: 'red',
    shownBy: [
      ['cli/wide-text.test.ts', 'a paragraph with %s is broken where the terminal is full'],
      ['cli/style.test.ts', 'with %s the answer to colour is as documented'],
    ],
  },
  {
    id: 'house 6.7',
    fault: 'AbortSignal.any stays in the memory of a signal that lives on',
    seen: 'red',
    shownBy: [
      [
        'base/long-lived-signal.test.ts',
        'a signal that lives on remembers none of the commands that were run with it (house 6.7)',
      ],
      [
        'base/long-lived-signal.test.ts',
        'a signal that lives on remembers none of the questions that it may interrupt (house 6.7)',
      ],
    ],
  },
  {
    id: 'house 6.8',
    fault: 'the forced kill is cancelled when the leader ends',
    seen: 'red',
    shownBy: [
      [
        'base/run-command-leftovers.test.ts',
        '%s of the group with its output elsewhere ends with its time limit (house 6.8)',
      ],
    ],
  },
  {
    id: 'house 6.9',
    fault: 'a rejected reading of the host is kept',
    seen: 'red',
    shownBy: [
      ['base/process-identity.test.ts', 'a host that could not be read at first is read again (house 6.9)'],
    ],
  },
  {
    id: 'house 6.10',
    fault: 'one drain listener per message',
    seen: 'red',
    shownBy: [['e2e/life.test.ts', 'many large answers at once cause no warning (house 6.10)']],
  },
  {
    id: 'house 6.11',
    fault: 'the removal of a run folder races with a late worker',
    seen: 'read',
    shownBy: [['actions/send-command.test.ts', 'a run folder that a worker has taken is not removed']],
  },
  {
    id: 'house 7b',
    fault: 'tests act on an event before its projection is written',
    seen: 'read',
    shownBy: [['e2e/gate-people.test.ts', 'a phase set back by hand while the session waits is obeyed']],
  },
];
