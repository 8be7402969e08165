import type { Finding } from './finding.ts';

/** Gates that a parent model opens, old sessions, files. */
export const GATES: readonly Finding[] = [
  {
    id: 'gates 1',
    fault: 'choices of a start and trust open gates for whoever makes them',
    seen: 'red',
    shownBy: [
      ['worker/gates/parents.ts', 'starts another session that approves its plan'],
      ['e2e/gate-parents.test.ts', 'chose at the start to take the suggestions and approve the plan'],
      ['e2e/loosening-lines.test.ts', 'hands on the hash to setup_project'],
      ['e2e/loosening-lines.test.ts', 'runs samocode trust --yes in a pseudo-terminal'],
      ['e2e/loosening-lines.test.ts', 'lets a person trust what loosens a rule, and only their yes does'],
    ],
  },
  {
    id: 'gates 2',
    fault: 'an adopted folder runs agents behind both gates with no decision on record',
    seen: 'red',
    shownBy: [
      ['e2e/old-sessions.test.ts', 'waits for its plan before any agent runs: '],
      ['e2e/old-sessions.test.ts', 'waits for its answers before any agent runs: '],
      [
        'e2e/old-sessions.test.ts',
        'approves plan and answers of a folder that was stopped in implementation',
      ],
      ['e2e/old-sessions.test.ts', 'no act of a channel that GATE_CHANNELS leaves out lets an agent run'],
      [
        'e2e/old-sessions.test.ts',
        'with no gate it goes on, and the events say that the settings opened both',
      ],
      ['e2e/old-sessions.test.ts', 'sends a folder without a plan back to planning'],
    ],
  },
  {
    id: 'gates 3',
    fault: 'whoever runs a shell is the person in the terminal',
    seen: 'red',
    shownBy: [
      ['worker/gates/parents.ts', 'approves by the command line without a terminal'],
      ['worker/gates/parents.ts', 'approves in a pseudo-terminal under the marker of its CLI'],
      ['e2e/gate-parents.test.ts', 'answered and approved by the command line'],
      ['cli/who-types.test.ts', 'a marker that only ancestor %i was started with makes it a tool'],
    ],
  },
  {
    id: 'gates 4',
    fault: "the plan's fingerprint leaves out all below Notes",
    seen: 'red',
    shownBy: [
      [
        'e2e/gate-parents.test.ts',
        'writes a further phase below the notes of the plan that the person has read',
      ],
      [
        'session/plan-notes.test.ts',
        'a heading, a step, Files or Check that is put in anywhere changes the fingerprint and is shown',
      ],
    ],
  },
  {
    id: 'gates, old: waiting ones wait',
    fault: 'an old folder that waits shows as stopped, and an agent must run before it can be answered',
    seen: 'red',
    shownBy: [
      ['session/legacy-places.test.ts', 'shows the gate at which it waits, or behind which it was stopped'],
      [
        'e2e/old-sessions.test.ts',
        'shows and answers the questions of a waiting folder, before anything has taken it over',
      ],
      [
        'e2e/old-sessions.test.ts',
        'shows and approves the plan of a waiting folder, before anything has taken it over',
      ],
      ['e2e/old-sessions.test.ts', 'confirms the answers that were typed into a waiting folder'],
    ],
  },
  {
    id: 'gates, old: no overview',
    fault: 'a folder that was stopped before its overview was written does not exist',
    seen: 'red',
    shownBy: [
      [
        'session/legacy-places.test.ts',
        'a folder that was stopped before its overview was written is listed by',
      ],
      ['e2e/old-sessions.test.ts', 'takes its task as goal, and begins'],
    ],
  },
  {
    id: 'gates, old: stopped in phase done',
    fault: 'a folder that was stopped in phase done is done and cannot be resumed',
    seen: 'red',
    shownBy: [
      ['session/legacy-places.test.ts', 'a folder in phase done is not shown as done when'],
      [
        'e2e/old-sessions.test.ts',
        'approves the plan of a folder that was stopped in phase done, and it goes on there',
      ],
    ],
  },
  {
    id: 'gates, old: nested, folders as files',
    fault: 'a nested folder in a nested one is accepted; a folder as a file ends in a stack trace',
    seen: 'red',
    shownBy: [
      [
        'e2e/old-sessions.test.ts',
        'is refused when what repairs the nested layout leaves one session inside another',
      ],
      ['e2e/old-sessions.test.ts', 'is refused with the name of the file that is a folder'],
    ],
  },
  {
    id: 'gates, files: pipes and folders',
    fault: 'a pipe named _overview.md makes list_sessions hang for all',
    seen: 'red',
    shownBy: [
      [
        'server/odd-entries.test.ts',
        'with $kind at $name of a folder made by hand, every look answers and lists the others',
      ],
      [
        'server/odd-entries.test.ts',
        'with $kind at $name of one run folder, every look answers and lists the others',
      ],
    ],
  },
  {
    id: 'gates, files: control characters',
    fault: 'escape sequences of an answer or a name reach files and errors',
    seen: 'red',
    shownBy: [
      [
        'e2e/control-characters.test.ts',
        'escape sequences in a task, an answer, a message and feedback reach no file of the session',
      ],
      ['server/control-characters.test.ts', '%s gives control characters of its arguments back as escapes'],
    ],
  },
  {
    id: 'gates, files: appended lines',
    fault: 'a person who appends to the overview loses lines',
    seen: 'red',
    shownBy: [
      [
        'base/change-file-race.test.ts',
        'a person who appends line after line loses none of them, however often the file is changed',
      ],
    ],
  },
  {
    id: 'gates, files: large overview',
    fault: 'an overview of 20 MB makes an iteration take more than 15 s',
    seen: 'red',
    shownBy: [
      [
        'e2e/large-overview.test.ts',
        'an overview of 20 MB is moved aside with a notice, and the session goes on with one made from its events',
      ],
    ],
  },
  {
    id: 'gates, files: path of the CLI',
    fault: 'a session that blocked on a wrong CLI path stays blocked after the path is right',
    seen: 'red',
    shownBy: [
      [
        'e2e/cli-path.test.ts',
        'a session that is blocked because its CLI is gone works after the path was put right and it was resumed',
      ],
    ],
  },
  {
    id: 'gates, files: relative project_dir',
    fault: "a relative project_dir is resolved against the server's folder",
    seen: 'red',
    shownBy: [
      [
        'server/relative-folder.test.ts',
        'with a client of %s a relative project_dir is refused, wherever the server runs',
      ],
    ],
  },
];
