/** What each tool that a hint names is called on the command line. */
const COMMAND_OF: Readonly<Record<string, string>> = {
  setup_project: 'init',
  start_session: 'start',
  list_sessions: 'list',
  get_status: 'status',
  read_qa: 'answer --show',
  answer_qa: 'answer',
  read_plan: 'plan',
  approve_plan: 'approve',
  request_changes: 'changes',
  send_message: 'message',
  stop_session: 'stop',
  resume_session: 'resume',
  read_session: 'show',
  rewind_session: 'rewind',
  finish_session: 'archive',
};

/**
 * Phrases of hints that say more than a tool's name, and what they are at a terminal. `*` is anything without a
 * quotation mark; the second column may repeat it.
 */
const PHRASES: ReadonlyArray<readonly [phrase: string, atTerminal: string]> = [
  // Where both are named, the command stays.
  [
    'Show these lines to the human. When they agree: setup_project with trust "*", or "samocode trust"',
    'Read these lines; if they may run: "samocode trust"',
  ],
  [
    'Show these lines to the human. Some loosen a rule, which only they can allow: by the form of setup_project with trust where their client has forms, or with "samocode trust" in a terminal of their own',
    'Read these lines; some loosen a rule. If they may: "samocode trust", in a terminal of your own',
  ],
  ['call setup_project with init_repository: true ("samocode *")', 'run "samocode *"'],
  [
    'if the person agrees to "git init" and a first commit there, call setup_project with init_repository: true ("samocode *")',
    'to have "git init" and a first commit made there, run "samocode *"',
  ],
  [
    'if the person agrees to a first commit, call setup_project with init_repository: true ("samocode *")',
    'to have a first commit made, run "samocode *"',
  ],
  ['setup_project and init_repository', '"samocode init --git-init"'],
  ['setup_project ("samocode *")', '"samocode *"'],
  ['setup_project, or "samocode *"', '"samocode *"'],
  ['setup_project or "samocode *"', '"samocode *"'],
  ['"samocode *" or setup_project does both', '"samocode *" does both'],
  ['resume_session with caps, or "samocode *"', '"samocode *"'],
  // Commands of their own, and options.
  [
    'If the human wants it back, finish_session with how: unarchive',
    'Bring it back with "samocode unarchive"',
  ],
  ['finish_session with how: unarchive', '"samocode unarchive"'],
  ['finish_session with unarchive', '"samocode unarchive"'],
  [
    'finish_session (how: unarchive) brings it back, if the human wants that',
    '"samocode unarchive" brings it back',
  ],
  ['resume_session (session: "*")', '"samocode resume *"'],
  ['give it to resume_session as goal', 'hand it over with "samocode resume --goal"'],
  ['Give resume_session a goal for new work', 'For new work use "samocode resume --goal"'],
  ['Pass goal, the new work', 'Pass --goal, the new work'],
  [
    'If the human wants it to go on, resume_session takes it over',
    'To go on, take it over with "samocode resume"',
  ],
  ['resume_session takes it over, if the human wants that', '"samocode resume" takes it over'],
  ['if the human wants it to go on', 'to go on'],
  ['Pass goal, the task in the words of the human', 'Pass --goal, the task in your words'],
  ['resume_session, when the human wants it to go on', '"samocode resume", when you want it to go on'],
  ['project_dir', '--project'],
  ['accept_suggestions', '--accept-suggestions'],
  // One command shows and asks.
  ['Call read_qa, then answer_qa', 'Use "samocode answer"'],
  ['Use read_qa, then answer_qa', 'Use "samocode answer"'],
  ['read_qa; put the questions to the human; answer_qa', '"samocode answer"'],
  [
    'read_plan; show it to the human; approve_plan or request_changes as they say',
    '"samocode plan"; then "samocode approve" or "samocode changes"',
  ],
  [
    "Put the person's own words into *",
    'Write your words behind the name of the session, in quotation marks.',
  ],
  // What is told to a model about its human is told to the human here.
  ['tell the human what problems says', 'see the problems that "samocode status" names'],
  ['ask the human to change the file named in says', 'change the file that "samocode status" names'],
  [
    'tell the human what says.reason asks for; when done, resume_session',
    'do what "samocode status" names; then "samocode resume"',
  ],
  [
    'tell the human says.reason; once it is settled, resume_session (note: what was decided)',
    'settle what "samocode status" names; then "samocode resume --note"',
  ],
  [
    'tell the human says.summary and where the branch is',
    'see its end and its branch with "samocode status"',
  ],
  // The tool `wait`: a word like any other by itself.
  [
    'Call read_plan, show the person what stands there now, and ask again',
    'Look at what stands there now with "samocode plan", then decide again',
  ],
  [
    'Follow the session with wait until it waits for plan_approval',
    'Follow the session with "samocode run" until its plan waits for your yes',
  ],
  [
    'Call read_plan, show it to the person, and pass the hash that came with it',
    'Read it with "samocode plan"; its hash stands in "samocode plan --json"',
  ],
  ['accept_suggestions if the person wants exactly that', '--accept-suggestions'],
  ['Call wait (until: done)', 'Follow it with "samocode run"'],
  ['Call wait', 'Follow it with "samocode run"'],
  ['with wait', 'with "samocode run"'],
  ['wait to follow it', '"samocode run" to follow it'],
  ['is not over yet: wait', 'is not over yet: follow it with "samocode run"'],
  ['Next: wait', 'Follow it with "samocode run"'],
  ...Object.entries(COMMAND_OF).flatMap(([tool, command]) => [
    [`Call ${tool}`, `Use "samocode ${command}"`] as const,
    [tool, `"samocode ${command}"`] as const,
  ]),
];

/** Longest first, so that no phrase is taken for the shorter one in it. */
const BY_LENGTH = PHRASES.toSorted(([a], [b]) => b.length - a.length);
const ANY = new RegExp(BY_LENGTH.map(([phrase]) => `(?<!\\w)(?:${patternOf(phrase)})(?!\\w)`).join('|'), 'g');

function patternOf(phrase: string): string {
  return phrase.replace(/[.()[\]?+^$|\\{}]/g, '\\$&').replace('*', '([^"]*)');
}

/** A hint as somebody at a terminal needs it: the use cases speak of tools, which only models have. */
export function hintForTerminal(hint: string): string {
  return hint.replace(ANY, (found) => atTerminal(found));
}

function atTerminal(found: string): string {
  for (const [phrase, words] of BY_LENGTH) {
    const match = new RegExp(`^${patternOf(phrase)}$`).exec(found);
    if (match) return words.replace('*', () => match[1] ?? '');
  }
  return found;
}
